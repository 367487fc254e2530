"""The workspace's own settings: what everybody may read and owners change."""
