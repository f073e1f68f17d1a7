"""The place of the pages. They come with the issue that asks for them; nothing is here yet."""
