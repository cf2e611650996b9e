/* Empty: AWS-LC generates this header to rename its symbols, which keep their names here. */
