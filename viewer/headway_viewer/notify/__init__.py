"""`headway notify`: desktop notifications when operations end or need an answer."""
