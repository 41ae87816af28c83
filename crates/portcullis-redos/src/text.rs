//! JavaScript text: UTF-16 code units, lone surrogates allowed.

use std::fmt;

/// A JavaScript string. Displayed with what cannot be shown, or a double quote, escaped.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct JsText(Vec<u16>);

impl JsText {
    /// The code units.
    pub fn units(&self) -> &[u16] {
        &self.0
    }

    /// Number of UTF-16 code units, which JavaScript calls `length`.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it is the empty string.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same characters from the end to the start.
    pub(crate) fn reversed(&self) -> Self {
        let mut characters: Vec<u32> = char::decode_utf16(self.0.iter().copied())
            .map(|unit| unit.map_or_else(|lone| u32::from(lone.unpaired_surrogate()), u32::from))
            .collect();
        characters.reverse();
        Self::from_code_points(characters)
    }

    pub(crate) fn from_code_points(code_points: impl IntoIterator<Item = u32>) -> Self {
        let mut units = Vec::new();
        for c in code_points {
            match char::from_u32(c) {
                Some(character) => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
                None => units.extend(u16::try_from(c)),
            }
        }
        Self(units)
    }
}

impl From<Vec<u16>> for JsText {
    fn from(units: Vec<u16>) -> Self {
        Self(units)
    }
}

impl From<&str> for JsText {
    fn from(text: &str) -> Self {
        Self(text.encode_utf16().collect())
    }
}

impl fmt::Display for JsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for unit in char::decode_utf16(self.0.iter().copied()) {
            match unit {
                Ok('"') => f.write_str("\\\"")?,
                Ok('\\') => f.write_str("\\\\")?,
                Ok('\n') => f.write_str("\\n")?,
                Ok('\r') => f.write_str("\\r")?,
                Ok('\t') => f.write_str("\\t")?,
                Ok(c) if c.is_control() || matches!(u32::from(c), 0x2028 | 0x2029 | 0xfeff | 0xa0) => {
                    write!(f, "\\u{:04x}", u32::from(c))?;
                }
                Ok(c) => write!(f, "{c}")?,
                Err(lone) => write!(f, "\\u{:04x}", lone.unpaired_surrogate())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for JsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_shown_escaped() {
        let text = JsText::from_code_points([0x61, 0xd800, 0x1_f600, 0x22]);
        assert_eq!(text.to_string(), "a\\ud800\u{1f600}\\\"");
        assert_eq!(text.len(), 5);
    }
}
