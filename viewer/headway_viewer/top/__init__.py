"""`headway top`: a full-screen application that shows the operations."""
