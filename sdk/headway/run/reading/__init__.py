"""What all parsers read with: lines, sizes, command lines, and what they may say; pure."""
