/* tree.h - counts the files of the root file system. */
#ifndef HELLO_INSPECT_TREE_H
#define HELLO_INSPECT_TREE_H

#include "inspect/file.h"

/*
 * Walks the tree and fills the report's counts, with one directory open at a time and memory
 * of a fixed size. A directory that can't be read, or remembered, is added to the report's list
 * of unreadable ones.
 * Returns: 0, or -1 when memory is short.
 */
int inspect_tree(const struct inspect_place *place);

#endif
