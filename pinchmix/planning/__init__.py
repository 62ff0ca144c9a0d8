"""Planning: from a recipe and what exists to a plan, and from a plan to the cells that it takes."""
