//! Secrets: from the environment or a file, never too weak to be one, never in a log.
//!
//! A secret that stands in a tutorial signs sessions that everybody can forge. So one that is absent, too short, known or
//! without variety is refused at start, and the error says where it came from and how to make a better one:
//! `portcullis secret new`.
//!
//! ```no_run
//! use portcullis::secret::Secrets;
//!
//! // The first signs; the second one's sessions are still read. A variable that is not set is an error for the first only.
//! let secrets = Secrets::from_env(&["SESSION_SECRET", "SESSION_SECRET_PREVIOUS"])?;
//! let mounted = Secrets::from_file("/run/secrets/session")?;
//! # Ok::<(), portcullis::secret::SecretError>(())
//! ```
//!
//! **What this does not stop.** A long secret that somebody made up, or that stands in a public repository, looks like any
//! other.

use std::{
    error::Error,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// The fewest characters of a secret: half of what [`generate`] makes would still be beyond guessing.
pub const MIN_CHARACTERS: usize = 32;

/// One or more secrets: the first signs and seals, all verify and open, so that one can be replaced without logging
/// everybody out. Wiped when dropped; `Debug` shows how many there are.
#[derive(Clone)]
pub struct Secrets(Vec<Zeroizing<String>>);

impl Secrets {
    /// Secrets that the program has from elsewhere, such as a secret manager's client.
    pub fn new<S: Into<String>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, SecretError> {
        let secrets = secrets.into_iter().enumerate();
        Self::check(secrets.map(|(index, secret)| (Place::Argument { index }, Zeroizing::new(secret.into()))))
    }

    /// One secret in each variable. The first must be set; the others may be.
    pub fn from_env(variables: &[&str]) -> Result<Self, SecretError> {
        let mut secrets = Vec::new();
        for (index, name) in variables.iter().enumerate() {
            let place = Place::Variable { name: (*name).to_owned() };
            #[allow(clippy::disallowed_methods, reason = "this is the place from which secrets come")]
            match std::env::var(name) {
                Ok(secret) => secrets.push((place, Zeroizing::new(secret))),
                Err(std::env::VarError::NotPresent) if index > 0 => {}
                Err(std::env::VarError::NotPresent) => {
                    return Err(SecretError { place, fault: Fault::Absent });
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(SecretError { place, fault: Fault::NotUnicode });
                }
            }
        }
        Self::check(secrets)
    }

    /// One secret a line; blank lines do not count. A file that others than its owner can read is taken, since container
    /// platforms mount secrets so, and the log says it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SecretError> {
        let path = path.as_ref();
        let at = |line| Place::File { path: path.to_owned(), line };
        let unreadable = |error: io::Error| SecretError { place: at(None), fault: Fault::Unreadable(error) };
        let length = fs::metadata(path).map_err(unreadable)?.len();
        if length > MAX_FILE_BYTES {
            return Err(SecretError { place: at(None), fault: Fault::FileTooLarge });
        }
        if is_readable_by_others(path).map_err(unreadable)? {
            tracing::warn!(
                target: "portcullis::secret",
                file = %path.display(),
                "others than its owner can read this file of secrets: `chmod 600` it if nobody else has to"
            );
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?);
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let secrets =
            lines.map(|(index, line)| (at(Some(index + 1)), Zeroizing::new(line.trim_end().to_owned())));
        Self::check(secrets)
    }

    /// Secrets as they are, however weak: to read what an application signed that is being moved away from one. At least
    /// one, and none empty.
    pub fn dangerous_weak<S: Into<String>>(
        secrets: impl IntoIterator<Item = S>,
    ) -> Result<Self, SecretError> {
        let secrets: Vec<_> = secrets.into_iter().map(|secret| Zeroizing::new(secret.into())).collect();
        if secrets.is_empty() || secrets.iter().any(|secret| secret.is_empty()) {
            return Err(SecretError { place: Place::Argument { index: 0 }, fault: Fault::Absent });
        }
        Ok(Self(secrets))
    }

    /// The secrets, the one that signs first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|secret| secret.as_str())
    }

    fn check(secrets: impl IntoIterator<Item = (Place, Zeroizing<String>)>) -> Result<Self, SecretError> {
        let mut checked = Vec::new();
        let mut first = Place::Argument { index: 0 };
        for (place, secret) in secrets {
            if let Some(fault) = fault(&secret) {
                return Err(SecretError { place, fault });
            }
            first = place;
            checked.push(secret);
        }
        if checked.is_empty() {
            return Err(SecretError { place: first, fault: Fault::Absent });
        }
        Ok(Self(checked))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// A new secret: 32 random bytes in base64url, 43 characters.
///
/// # Errors
///
/// If the system gives no random bytes.
pub fn generate() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut random = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *random)?;
    Ok(Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*random)))
}

/// Why there is no secret, and where it should be. Never the secret itself.
#[derive(Debug)]
pub struct SecretError {
    place: Place,
    fault: Fault,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Argument { index: usize },
    Variable { name: String },
    File { path: PathBuf, line: Option<usize> },
}

#[derive(Debug)]
enum Fault {
    Absent,
    NotUnicode,
    TooShort { characters: usize },
    Known,
    Monotonous { different: usize },
    Unreadable(io::Error),
    FileTooLarge,
}

const MAKE_ONE: &str = "Make one with `portcullis secret new`";

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Argument { index } => write!(f, "secret {}", index + 1)?,
            Place::Variable { name } => write!(f, "the environment variable {name}")?,
            Place::File { path, line: None } => write!(f, "{}", path.display())?,
            Place::File { path, line: Some(line) } => write!(f, "{}, line {line}", path.display())?,
        }
        match &self.fault {
            Fault::Absent => write!(f, ": there is no secret. {MAKE_ONE}"),
            Fault::NotUnicode => write!(f, ": it is not text. {MAKE_ONE}"),
            Fault::TooShort { characters } => {
                write!(
                    f,
                    ": a secret of {characters} characters can be guessed; {MIN_CHARACTERS} are the fewest. {MAKE_ONE}"
                )
            }
            Fault::Known => {
                write!(f, ": this secret stands in documentation, so everybody knows it. {MAKE_ONE}")
            }
            Fault::Monotonous { different } => {
                write!(f, ": a secret of {different} different characters can be guessed. {MAKE_ONE}")
            }
            Fault::Unreadable(error) => write!(f, " cannot be read: {error}"),
            Fault::FileTooLarge => {
                write!(f, " has more than {MAX_FILE_BYTES} bytes: is it a file of secrets?")
            }
        }
    }
}

impl Error for SecretError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.fault {
            Fault::Unreadable(error) => Some(error),
            _ => None,
        }
    }
}

fn fault(secret: &str) -> Option<Fault> {
    if secret.is_empty() {
        return Some(Fault::Absent);
    }
    if is_known(secret) {
        return Some(Fault::Known);
    }
    let characters = secret.chars().count();
    if characters < MIN_CHARACTERS {
        return Some(Fault::TooShort { characters });
    }
    let mut different: Vec<char> = secret.chars().collect();
    different.sort_unstable();
    different.dedup();
    (different.len() < MIN_DIFFERENT).then_some(Fault::Monotonous { different: different.len() })
}

/// Whether a secret is made of nothing but a known one, said once or again and again, whatever the case, the digits that
/// stand for letters, and what stands between.
fn is_known(secret: &str) -> bool {
    let plain = plain(secret);
    let mut known: Vec<String> = KNOWN.iter().map(|known| self::plain(known)).collect();
    known.sort_unstable_by_key(|known| std::cmp::Reverse(known.len()));
    let mut rest = plain.as_str();
    while let Some(after) = known.iter().find_map(|known| rest.strip_prefix(known.as_str())) {
        rest = after;
    }
    // What is left over may be a number: `secret123`, `changeme2024`. Short numbers add nothing.
    rest.len() < plain.len()
        && rest.len() <= 4
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b"oieastb".contains(&byte))
}

/// Letters and digits, lower case, digits that are read as letters as those.
fn plain(secret: &str) -> String {
    let letters = secret.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase);
    letters
        .map(|char| match char {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        })
        .collect()
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata(path)?.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Thirty-two characters of fewer kinds than this are no random ones.
const MIN_DIFFERENT: usize = 10;

const MAX_FILE_BYTES: u64 = 64 << 10;

/// From the documentation and templates of express-session, cookie-session, cookie-parser, jsonwebtoken, passport, from the
/// mission's tutorials, and what people write there first.
const KNOWN: &[&str] = &[
    "keyboard cat",
    "s3Cur3",
    "secret",
    "secretkey",
    "secret key",
    "my secret",
    "mysecretkey",
    "my-secret-key",
    "secrets",
    "supersecret",
    "super secret",
    "supersecretkey",
    "super secret key",
    "topsecret",
    "verysecret",
    "very secret",
    "verysecretkey",
    "your secret",
    "yoursecret",
    "your-secret-key",
    "your_secret_key",
    "yoursecretkeyhere",
    "your secret key here",
    "your-session-secret",
    "your-jwt-secret",
    "jwtsecret",
    "jwt_secret",
    "jwt secret key",
    "sessionsecret",
    "session secret",
    "session_secret",
    "session secret key",
    "cookiesecret",
    "cookie secret",
    "cookie_secret",
    "appsecret",
    "app secret",
    "the secret",
    "this is a secret",
    "thisismysecret",
    "this is my secret",
    "thisisasecret",
    "thisisasecretkey",
    "thisshouldbeasecret",
    "somesecret",
    "some secret",
    "a secret",
    "asecret",
    "shared secret",
    "shared-secret",
    "shh",
    "shhh",
    "shhhh",
    "shhhhh",
    "shhhhhh",
    "shhhhhhh",
    "ssshhhhh",
    "ssh",
    "changeme",
    "change me",
    "change this",
    "change-this",
    "change_this_secret",
    "change me in production",
    "changethisinproduction",
    "replace me",
    "replaceme",
    "replace this",
    "replace with a secret",
    "insert secret here",
    "placeholder",
    "todo",
    "default",
    "example",
    "test",
    "testing",
    "testsecret",
    "dev",
    "devsecret",
    "dev-secret",
    "development",
    "production",
    "password",
    "passw0rd",
    "pass",
    "admin",
    "root",
    "user",
    "qwerty",
    "letmein",
    "foo",
    "bar",
    "baz",
    "foobar",
    "abc",
    "abcdef",
    "abcdefghijklmnopqrstuvwxyz",
    "0123456789",
    "123456789",
    "12345678",
    "123456",
    "12345",
    "1234",
    "hello",
    "hello world",
    "helloworld",
    "cat",
    "keyboard",
    "ilovescotchscotchyscotchscotch",
    "ilovescotchyscotch",
    "node",
    "express",
    "express session",
    "expresssession",
    "cookie",
    "session",
    "key",
    "key1",
    "key2",
    "jwt",
    "token",
    "tobi",
    "tobiiscool",
    "win",
    "use your own secret",
    "a very long secret",
    "some long unguessable string",
    "long random string",
    "a long random string",
    "random string",
    "random secret",
    "generate a random secret",
    "must be kept secret",
    "keep it secret",
    "keep it safe",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "at least 32 characters long",
    "complex_password_at_least_32_characters_long",
    "please change this secret",
    "do not use in production",
    "not so secret",
    "insecure",
    "in",
    "the",
    "is",
    "a",
    "my",
    "this",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(secret: &str) -> String {
        Secrets::new([secret]).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn what_is_known_is_refused_however_it_is_dressed() {
        for secret in [
            "keyboard cat",
            "Keyboard-Cat!",
            "s3Cur3",
            "SECRET",
            "secret123",
            "ch4ngeM3",
            "your-256-bit-secret",
            "keyboard cat keyboard cat keyboard cat",
            "shhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh",
            "this is my super secret session secret key",
            "a-string-secret-at-least-256-bits-long",
            "complex_password_at_least_32_characters_long",
        ] {
            let error = refused(secret);
            assert!(
                error.contains("everybody knows it") || error.contains("different characters"),
                "{secret}: {error}"
            );
            assert!(error.contains("portcullis secret new") && !error.contains(secret), "{error}");
        }
    }

    #[test]
    fn what_is_short_or_monotonous_is_refused() {
        assert!(refused("").contains("there is no secret"));
        assert!(refused("Xk2lPq9").contains("a secret of 7 characters"));
        assert!(refused(&"Xk2lPq9".repeat(10)).contains("7 different characters"));
        assert!(refused("Xk2lPq9vBn3M5sT8wZ4rYc6hJd0fGa1").contains("31 characters"));
    }

    #[test]
    fn what_is_made_for_it_is_taken() {
        for _ in 0..100 {
            let secret = generate().unwrap();
            assert_eq!(secret.len(), 43);
            assert_eq!(refused(&secret), "");
        }
        assert_eq!(refused("b1rXqkzYc0m7Ww4vR2nTj8sLf6hGd3aE"), "");
        assert_eq!(refused("correct horse battery staple, said the parrot"), "");
        assert_eq!(refused("secret things are best kept by people who talk"), "");
    }

    #[test]
    fn a_file_holds_one_secret_a_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        let at = |text: &str| {
            fs::write(&path, text).unwrap();
            Secrets::from_file(&path)
                .map_err(|error| error.to_string().replace(path.to_str().unwrap(), "FILE"))
        };
        let (new, old) = (generate().unwrap(), generate().unwrap());
        let both = at(&format!("{}\n\n{}\r\n", *new, *old)).unwrap();
        assert_eq!(both.iter().collect::<Vec<_>>(), [new.as_str(), old.as_str()]);
        assert!(at("").unwrap_err().contains("there is no secret"));
        assert!(at(&format!("{}\nshort\n", *new)).unwrap_err().starts_with("FILE, line 2: a secret of 5"));
        assert!(at(&"x".repeat(70_000)).unwrap_err().contains("is it a file of secrets"));
        assert!(
            Secrets::from_file(directory.path().join("none"))
                .unwrap_err()
                .to_string()
                .contains("cannot be read")
        );
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        let error = Secrets::from_env(&["PORTCULLIS_TEST_SECRET_THAT_NOBODY_SETS"]).unwrap_err().to_string();
        assert!(error.starts_with(
            "the environment variable PORTCULLIS_TEST_SECRET_THAT_NOBODY_SETS: there is no secret"
        ));
    }

    #[test]
    fn a_secret_never_shows() {
        let secrets = Secrets::new([generate().unwrap().as_str()]).unwrap();
        assert_eq!(format!("{secrets:?}"), "Secrets(1)");
    }
}
