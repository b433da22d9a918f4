"""C# 7 as policy expressions use it: tokens, a syntax tree with positions, and the tree as text again."""
