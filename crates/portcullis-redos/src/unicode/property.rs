//! `\p{...}`: the properties ECMA-262 tables 69 to 71 name, and no others.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, HirKind};

use super::CharSet;

/// Binary properties of ECMA-262 table 70, long name and alias.
const BINARY: &[(&str, &str)] = &[
    ("ASCII", ""),
    ("ASCII_Hex_Digit", "AHex"),
    ("Alphabetic", "Alpha"),
    ("Any", ""),
    ("Assigned", ""),
    ("Bidi_Control", "Bidi_C"),
    ("Bidi_Mirrored", "Bidi_M"),
    ("Case_Ignorable", "CI"),
    ("Cased", ""),
    ("Changes_When_Casefolded", "CWCF"),
    ("Changes_When_Casemapped", "CWCM"),
    ("Changes_When_Lowercased", "CWL"),
    ("Changes_When_NFKC_Casefolded", "CWKCF"),
    ("Changes_When_Titlecased", "CWT"),
    ("Changes_When_Uppercased", "CWU"),
    ("Dash", ""),
    ("Default_Ignorable_Code_Point", "DI"),
    ("Deprecated", "Dep"),
    ("Diacritic", "Dia"),
    ("Emoji", ""),
    ("Emoji_Component", "EComp"),
    ("Emoji_Modifier", "EMod"),
    ("Emoji_Modifier_Base", "EBase"),
    ("Emoji_Presentation", "EPres"),
    ("Extended_Pictographic", "ExtPict"),
    ("Extender", "Ext"),
    ("Grapheme_Base", "Gr_Base"),
    ("Grapheme_Extend", "Gr_Ext"),
    ("Hex_Digit", "Hex"),
    ("IDS_Binary_Operator", "IDSB"),
    ("IDS_Trinary_Operator", "IDST"),
    ("ID_Continue", "IDC"),
    ("ID_Start", "IDS"),
    ("Ideographic", "Ideo"),
    ("Join_Control", "Join_C"),
    ("Logical_Order_Exception", "LOE"),
    ("Lowercase", "Lower"),
    ("Math", ""),
    ("Noncharacter_Code_Point", "NChar"),
    ("Pattern_Syntax", "Pat_Syn"),
    ("Pattern_White_Space", "Pat_WS"),
    ("Quotation_Mark", "QMark"),
    ("Radical", ""),
    ("Regional_Indicator", "RI"),
    ("Sentence_Terminal", "STerm"),
    ("Soft_Dotted", "SD"),
    ("Terminal_Punctuation", "Term"),
    ("Unified_Ideograph", "UIdeo"),
    ("Uppercase", "Upper"),
    ("Variation_Selector", "VS"),
    ("White_Space", "space"),
    ("XID_Continue", "XIDC"),
    ("XID_Start", "XIDS"),
];

/// Values of `General_Category`, long name and alias (Unicode PropertyValueAliases.txt).
const CATEGORIES: &[(&str, &str)] = &[
    ("Cased_Letter", "LC"),
    ("Close_Punctuation", "Pe"),
    ("Connector_Punctuation", "Pc"),
    ("Control", "Cc"),
    ("cntrl", "Cc"),
    ("Currency_Symbol", "Sc"),
    ("Dash_Punctuation", "Pd"),
    ("Decimal_Number", "Nd"),
    ("digit", "Nd"),
    ("Enclosing_Mark", "Me"),
    ("Final_Punctuation", "Pf"),
    ("Format", "Cf"),
    ("Initial_Punctuation", "Pi"),
    ("Letter", "L"),
    ("Letter_Number", "Nl"),
    ("Line_Separator", "Zl"),
    ("Lowercase_Letter", "Ll"),
    ("Mark", "M"),
    ("Combining_Mark", "M"),
    ("Math_Symbol", "Sm"),
    ("Modifier_Letter", "Lm"),
    ("Modifier_Symbol", "Sk"),
    ("Nonspacing_Mark", "Mn"),
    ("Number", "N"),
    ("Open_Punctuation", "Ps"),
    ("Other", "C"),
    ("Other_Letter", "Lo"),
    ("Other_Number", "No"),
    ("Other_Punctuation", "Po"),
    ("Other_Symbol", "So"),
    ("Paragraph_Separator", "Zp"),
    ("Private_Use", "Co"),
    ("Punctuation", "P"),
    ("punct", "P"),
    ("Separator", "Z"),
    ("Space_Separator", "Zs"),
    ("Spacing_Mark", "Mc"),
    ("Surrogate", "Cs"),
    ("Symbol", "S"),
    ("Titlecase_Letter", "Lt"),
    ("Unassigned", "Cn"),
    ("Uppercase_Letter", "Lu"),
];

/// The set for `\p{name}` or `\p{name=value}`; `None` if the standard knows no such property.
pub(crate) fn property(name: &str, value: Option<&str>) -> Option<CharSet> {
    match value {
        Some(value) => match name {
            "General_Category" | "gc" => category(value),
            "Script" | "sc" => script("sc", value),
            "Script_Extensions" | "scx" => script("scx", value),
            _ => None,
        },
        None => match name {
            "" => None,
            "Any" => Some(CharSet::new(vec![(0, 0x10_ffff)])),
            "ASCII" => Some(CharSet::new(vec![(0, 0x7f)])),
            "Assigned" => category("Cn").map(|unassigned| unassigned.complement(0x10_ffff)),
            // Not in the tables we use; both are small and fixed.
            "Bidi_Mirrored" | "Bidi_M" => Some(bidi_mirrored()),
            "Changes_When_NFKC_Casefolded" | "CWKCF" => lookup(r"\p{Changes_When_Casefolded}"),
            _ => match BINARY.iter().find(|(long, alias)| *long == name || *alias == name) {
                Some((long, _)) => lookup(&format!(r"\p{{{long}}}")),
                None => category(name),
            },
        },
    }
}

/// Properties of strings (only with the `v` flag), as the shape their members have: the pieces of each
/// alternative in order, each a set and how many of it at most.
///
/// The lists of recommended sequences (`emoji-sequences.txt`) are wider than the shapes, never narrower;
/// for the time a match takes the shape is what counts.
pub(crate) fn property_of_strings(name: &str) -> Option<Vec<Vec<CharSet>>> {
    let set = |name| property(name, None).unwrap_or_default();
    let only = CharSet::single;
    let keycap =
        || vec![CharSet::new(vec![(0x23, 0x23), (0x2a, 0x2a), (0x30, 0x39)]), only(0xfe0f), only(0x20e3)];
    let modified = || vec![set("Emoji_Modifier_Base"), set("Emoji_Modifier")];
    let flag = || vec![set("Regional_Indicator"), set("Regional_Indicator")];
    let presented = || vec![set("Emoji"), only(0xfe0f)];
    let joined = || vec![set("Emoji"), only(0x200d), set("Emoji")];
    let tagged = || {
        let tag = CharSet::new(vec![(0xe_0020, 0xe_007e)]);
        vec![only(0x1_f3f4), tag.clone(), tag.clone(), tag.clone(), tag.clone(), tag, only(0xe_007f)]
    };
    let single = || vec![set("Emoji_Presentation")];
    Some(match name {
        "Basic_Emoji" => vec![presented(), single()],
        "Emoji_Keycap_Sequence" => vec![keycap()],
        "RGI_Modifier_Sequence" | "RGI_Emoji_Modifier_Sequence" => vec![modified()],
        "RGI_Flag_Sequence" | "RGI_Emoji_Flag_Sequence" => vec![flag()],
        "RGI_Emoji_Tag_Sequence" => vec![tagged()],
        "RGI_Emoji_ZWJ_Sequence" => vec![joined()],
        "RGI_Emoji" => vec![tagged(), joined(), keycap(), modified(), flag(), presented(), single()],
        _ => return None,
    })
}

pub(crate) fn is_id_start(c: u32) -> bool {
    char::from_u32(c)
        .is_some_and(|c| if c.is_ascii() { c.is_ascii_alphabetic() } else { in_property("ID_Start", c) })
}

pub(crate) fn is_id_continue(c: u32) -> bool {
    char::from_u32(c).is_some_and(|c| {
        if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { in_property("ID_Continue", c) }
    })
}

fn in_property(name: &str, c: char) -> bool {
    property(name, None).is_some_and(|set| set.contains(u32::from(c)))
}

fn category(value: &str) -> Option<CharSet> {
    let short =
        CATEGORIES.iter().find(|(long, short)| *long == value || *short == value).map(|(_, short)| *short)?;
    match short {
        "Cs" => Some(CharSet::new(vec![(0xd800, 0xdfff)])),
        // The tables are of scalar values: surrogates count as neither assigned nor unassigned there.
        "C" => lookup(r"\p{C}").map(|set| set.union(&CharSet::new(vec![(0xd800, 0xdfff)]))),
        "Cn" => lookup(r"\p{Cn}").map(|set| set.difference(&CharSet::new(vec![(0xd800, 0xdfff)]))),
        _ => lookup(&format!(r"\p{{gc={short}}}")),
    }
}

fn script(kind: &str, value: &str) -> Option<CharSet> {
    // The tables are looked up loosely (`greek` for `Greek`); the standard wants the exact spelling: names in
    // title case with underscores, aliases of four letters.
    let title = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(|c| c.is_ascii_uppercase()) && letters.all(|c| c.is_ascii_lowercase())
            || matches!(word, "of")
    };
    if value.is_empty()
        || !value.split('_').all(|word| title(word) || matches!(word, "Nko" | "SignWriting" | "Ko"))
    {
        return None;
    }
    lookup(&format!(r"\p{{{kind}={value}}}"))
}

fn lookup(class: &str) -> Option<CharSet> {
    let hir = ParserBuilder::new().build().parse(class).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(CharSet::new(
            class.ranges().iter().map(|r| (u32::from(r.start()), u32::from(r.end()))).collect(),
        )),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            Some(CharSet::new(text.chars().map(|c| (u32::from(c), u32::from(c))).collect()))
        }
        _ => None,
    }
}

/// The ASCII, Latin-1 and general punctuation part of `Bidi_Mirrored`.
fn bidi_mirrored() -> CharSet {
    CharSet::new(vec![
        (0x28, 0x29),
        (0x3c, 0x3c),
        (0x3e, 0x3e),
        (0x5b, 0x5b),
        (0x5d, 0x5d),
        (0x7b, 0x7b),
        (0x7d, 0x7d),
        (0xab, 0xab),
        (0xbb, 0xbb),
        (0x0f3a, 0x0f3d),
        (0x169b, 0x169c),
        (0x2039, 0x203a),
        (0x2045, 0x2046),
        (0x207d, 0x207e),
        (0x208d, 0x208e),
        (0x2140, 0x2140),
        (0x2201, 0x2204),
        (0x2208, 0x220d),
        (0x2215, 0x2216),
        (0x221a, 0x221d),
        (0x221f, 0x2222),
        (0x2224, 0x2224),
        (0x2226, 0x2226),
        (0x222b, 0x2233),
        (0x2239, 0x2239),
        (0x223b, 0x224c),
        (0x2252, 0x2255),
        (0x225f, 0x2260),
        (0x2262, 0x2262),
        (0x2264, 0x226b),
        (0x226e, 0x228c),
        (0x228f, 0x2292),
        (0x2298, 0x2298),
        (0x22a2, 0x22a3),
        (0x22a6, 0x22b8),
        (0x22be, 0x22bf),
        (0x22c9, 0x22cd),
        (0x22d0, 0x22d1),
        (0x22d6, 0x22ed),
        (0x22f0, 0x22ff),
        (0x2308, 0x230b),
        (0x2329, 0x232a),
        (0x2768, 0x2775),
        (0x27e6, 0x27ef),
        (0x2983, 0x2998),
        (0x29d8, 0x29db),
        (0x29fc, 0x29fd),
        (0x2e22, 0x2e29),
        (0x3008, 0x3011),
        (0x3014, 0x301b),
        (0xfe59, 0xfe5e),
        (0xff08, 0xff09),
        (0xff1c, 0xff1c),
        (0xff1e, 0xff1e),
        (0xff3b, 0xff3b),
        (0xff3d, 0xff3d),
        (0xff5b, 0xff5b),
        (0xff5d, 0xff5d),
        (0xff5f, 0xff60),
        (0xff62, 0xff63),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_of_the_standard_is_known() {
        for (long, alias) in BINARY {
            assert!(property(long, None).is_some_and(|set| !set.is_empty()), "{long}");
            assert!(alias.is_empty() || property(alias, None).is_some(), "{alias}");
        }
        for (long, alias) in CATEGORIES {
            assert!(property("gc", Some(long)).is_some(), "{long}");
            assert!(property(alias, None).is_some(), "{alias}");
        }
    }

    #[test]
    fn names_are_exact() {
        for wrong in ["lowercase", "ascii", "Greek", "lu", "Other_Lowercase", "", "Block=Basic_Latin"] {
            assert!(property(wrong, None).is_none(), "{wrong}");
        }
        assert!(property("Script", Some("Greek")).is_some_and(|set| set.contains(0x3b1)));
        assert!(property("sc", Some("greek")).is_none());
        assert!(property("scx", Some("Grek")).is_some());
    }
}
