//! Later.

/// Paths that look like a login.
pub const LOGIN_PATHS: [&str; 12] = [
    "/login",
    "/log-in",
    "/signin",
    "/sign-in",
    "/session",
    "/sessions",
    "/auth/login",
    "/auth/signin",
    "/users/login",
    "/api/login",
    "/api/signin",
    "/api/auth/login",
];
