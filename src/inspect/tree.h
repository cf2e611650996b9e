/* inspect_tree.h - counts what the root file system holds. */
#ifndef HELLO_INSPECT_TREE_H
#define HELLO_INSPECT_TREE_H

#include "inspect/file.h"

/*
 * Walks the tree and fills the report's first part, with one directory open at a time and
 * memory of a fixed size. What can't be entered, or has no room, is noted as unreadable.
 * Returns: 0, or -1 when memory is short.
 */
int inspect_tree(const struct inspect_place *place);

#endif
