"""What all parsers share: lines, sizes, command lines, prompts, and the events they emit; pure."""
