#include "input.h"

#include <stdlib.h>
#include <string.h>

uint8_t input_byte(struct input *input)
{
	if (input->left == 0)
		return 0;
	input->left--;
	return *input->at++;
}

static char *copy(const uint8_t *bytes, size_t len, size_t size)
{
	char *made = malloc(size > 0 ? size : 1);

	if (made == NULL)
		abort();
	if (len > 0)
		memcpy(made, bytes, len);
	if (size > len)
		made[len] = '\0';
	return made;
}

char *input_string(struct input *input)
{
	const uint8_t *nul = input->left > 0 ? memchr(input->at, 0, input->left) : NULL;
	size_t len = nul != NULL ? (size_t)(nul - input->at) : input->left;
	char *string = copy(input->at, len, len + 1);

	input->at += len;
	input->left -= len;
	input_byte(input);
	return string;
}

char *input_rest(struct input *input, size_t *len)
{
	char *rest = copy(input->at, input->left, input->left);

	*len = input->left;
	input->at += input->left;
	input->left = 0;
	return rest;
}
