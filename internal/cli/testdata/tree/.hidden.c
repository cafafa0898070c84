hidden rover
