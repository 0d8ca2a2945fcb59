"""Capitals and digits as strokes on a grid four wide and six high, for labels on things."""

Stroke = list[tuple[float, float]]

# Each letter: strokes separated by blanks, each a run of points "xy".
_LETTERS = {
    "A": "0620 2046 1434",
    "B": "0600 00303142330303 033344453606",
    "C": "41300001051636 3645",
    "D": "06002041452606",
    "E": "40000646 0333",
    "F": "400006 0333",
    "G": "41301001051636454323",
    "H": "0006 4046 0343",
    "I": "2026",
    "J": "404536160504",
    "K": "0006 4003 0346",
    "L": "000646",
    "M": "0600234046",
    "N": "06004640",
    "O": "100105163645413010",
    "P": "06003041423303",
    "Q": "100105163645413010 2446",
    "R": "06003041423303 2346",
    "S": "41301001021344453616 1605",
    "T": "0040 2026",
    "U": "000516364540",
    "V": "002640",
    "W": "0016233640",
    "X": "0046 4006",
    "Y": "0023 4023 2326",
    "Z": "00400646",
    "0": "100105163645413010",
    "1": "112026 0646",
    "2": "01103041420646",
    "3": "004023334445361605",
    "5": "40000333444536 361605",
    "9": "4310010213334241 30414536",
    " ": "",
}


def strokes(letter: str) -> list[Stroke]:
    """The strokes of a capital letter or digit.

    Raises:
        KeyError: There is no drawing of it.

    >>> strokes("L")
    [[(0.0, 0.0), (0.0, 6.0), (4.0, 6.0)]]
    """
    return [
        [(float(run[i]), float(run[i + 1])) for i in range(0, len(run), 2)]
        for run in _LETTERS[letter].split()
    ]
