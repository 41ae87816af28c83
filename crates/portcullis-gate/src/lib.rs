//! The reverse proxy made of the guards of Portcullis.
