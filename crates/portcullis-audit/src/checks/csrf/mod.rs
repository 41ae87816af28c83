//! What another site's page may do in the user's name.

pub(super) mod missing;
