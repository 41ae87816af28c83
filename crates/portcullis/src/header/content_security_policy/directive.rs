//! The directives that browsers know.

use std::fmt;

/// Writes the enum, its list and its names from one table.
macro_rules! directives {
    ($($variant:ident = $name:literal, $values:ident, $doc:literal;)+) => {
        /// A directive of Content Security Policy Level 3 or of a standard that adds to it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Directive {
            $(#[doc = $doc] $variant,)+
        }

        impl Directive {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name as the standard spells it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// What may follow the name.
            pub(super) const fn values(self) -> Values {
                match self {
                    $(Self::$variant => Values::$values,)+
                }
            }
        }
    };
}

directives! {
    DefaultSrc = "default-src", Sources, "What the other `-src` directives fall back to.";
    ScriptSrc = "script-src", Sources, "Scripts.";
    ScriptSrcElem = "script-src-elem", Sources, "Scripts in elements.";
    ScriptSrcAttr = "script-src-attr", Sources, "Scripts in attributes such as `onclick`.";
    StyleSrc = "style-src", Sources, "Styles.";
    StyleSrcElem = "style-src-elem", Sources, "Styles in elements.";
    StyleSrcAttr = "style-src-attr", Sources, "Styles in the attribute `style`.";
    ImgSrc = "img-src", Sources, "Images.";
    FontSrc = "font-src", Sources, "Fonts.";
    ConnectSrc = "connect-src", Sources, "`fetch`, `EventSource`, `WebSocket`, beacons.";
    MediaSrc = "media-src", Sources, "Audio and video.";
    ManifestSrc = "manifest-src", Sources, "Application manifests.";
    ObjectSrc = "object-src", Sources, "Plug-ins.";
    WorkerSrc = "worker-src", Sources, "Workers.";
    ChildSrc = "child-src", Sources, "Workers and frames.";
    FrameSrc = "frame-src", Sources, "What this page may put into frames.";
    FencedFrameSrc = "fenced-frame-src", Sources, "What this page may put into fenced frames.";
    PrefetchSrc = "prefetch-src", Sources, "What may be fetched ahead. No longer standard.";
    BaseUri = "base-uri", Sources, "What the element `base` may name.";
    FormAction = "form-action", Sources, "Where forms may be sent.";
    FrameAncestors = "frame-ancestors", Sources, "Who may put this page into a frame.";
    NavigateTo = "navigate-to", Sources, "Where links may lead. No longer standard.";
    Sandbox = "sandbox", Words, "Treats the page as one in a sandboxed frame.";
    ReportTo = "report-to", OneWord, "The endpoint of `Reporting-Endpoints` that hears of violations.";
    ReportUri = "report-uri", Words, "Where violations are reported in browsers that do not know `report-to`.";
    RequireTrustedTypesFor = "require-trusted-types-for", Words, "`'script'`: no plain strings where scripts are made.";
    TrustedTypes = "trusted-types", Words, "The names of the policies that may make trusted types.";
    RequireSriFor = "require-sri-for", Words, "Elements that must carry `integrity`.";
    PluginTypes = "plugin-types", Words, "Media types of plug-ins. No longer standard.";
    UpgradeInsecureRequests = "upgrade-insecure-requests", Nothing, "Fetches `http:` URLs of this page over TLS.";
    BlockAllMixedContent = "block-all-mixed-content", Nothing, "Fetches nothing over `http:`. No longer standard.";
}

/// What may follow a directive's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    Sources,
    Words,
    OneWord,
    Nothing,
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
