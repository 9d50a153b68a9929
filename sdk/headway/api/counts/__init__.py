"""How a stage counts: its steps, and their fold into its model."""
