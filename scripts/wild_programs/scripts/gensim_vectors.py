"""Word vectors of gensim, of sentences that nltk has cut, with bars around both."""

import sys

from gensim.models import Word2Vec
from nltk.stem import PorterStemmer
from nltk.tokenize import wordpunct_tokenize
from tqdm import tqdm

TEXT = ["the quick brown foxes are jumping over lazy dogs", "rows of bars were counted twice"]

if __name__ == "__main__":
    stemmer = PorterStemmer()
    sentences = [
        [stemmer.stem(word) for word in wordpunct_tokenize(text)]
        for text in tqdm(TEXT * 500, desc="Stem", unit=" texts")
    ]
    model = Word2Vec(vector_size=8, min_count=1, seed=3, workers=1)
    model.build_vocab(tqdm(sentences, desc="Vocabulary"))
    progress = tqdm(range(3), desc="Epochs", file=sys.stdout)
    for _ in progress:
        model.train(sentences, total_examples=len(sentences), epochs=1)
        progress.set_postfix(words=len(model.wv))
    print(len(model.wv), sorted(model.wv.index_to_key)[:3])
