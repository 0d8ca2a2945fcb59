"""The lab's small world: flat pictures of 48 x 48 pixels, 190 words, one rule of what is unsafe."""
