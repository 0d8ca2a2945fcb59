"""The leakage audit: does the text alone give the danger away, and where is the evidence?"""
