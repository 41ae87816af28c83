//! How long a JavaScript regular expression can be made to take, with a verified attack string.
