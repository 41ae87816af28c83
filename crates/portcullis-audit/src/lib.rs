//! Proves the rules of Portcullis on a running site and on a source tree.
