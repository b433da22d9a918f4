"""What nothing but Azure can prove, run once in a throwaway subscription: up, a model, scores, gone again."""
