"""Families of recipes, from the papers that compare them; each is a function that returns a Family."""
