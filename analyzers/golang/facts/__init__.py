"""From bytes to facts: what one Go file yields without looking at any other. The only home of tree-sitter."""
