"""What the answers about translating hold."""
