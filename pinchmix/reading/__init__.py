"""Reading: from the tables of a source to ids, texts and sizes, out of core."""
