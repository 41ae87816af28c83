//! The configuration of all headers.

use std::collections::BTreeMap;

use http::HeaderName;
use serde::Deserialize;

use super::{
    ContentSecurityPolicy, PermissionsPolicy, Replace, Setting, StrictTransportSecurity, public_key_pins,
    server, x_powered_by,
};
use crate::{ConfigError, mode::Mode};

/// Which headers are sent, and what they say. The TOML section `header`.
///
/// A field that is named like a header speaks of that header: left out, the preset decides; a string is the value as
/// the header writes it; `{ off = "reason" }` leaves the header alone.
///
/// ```
/// use portcullis::header::{Config, HeaderLayer};
///
/// let config: Config = toml::from_str(
///     r#"
///     x_frame_options = "SAMEORIGIN"
///     cross_origin_resource_policy = { off = "our images are embedded by partners" }
///     replace = ["Referrer-Policy"]
///
///     [strict_transport_security]
///     preload = true
///
///     [content_security_policy]
///     remove = ["frame-ancestors"]
///     directives = { "script-src" = ["'self'", "https://cdn.example.com"] }
///     "#,
/// )?;
/// HeaderLayer::new(config)?;
///
/// let mut old_advice = Config::default();
/// old_advice.x_xss_protection = "1; mode=block".into();
/// assert_eq!(HeaderLayer::new(old_advice).unwrap_err().path(), "x_xss_protection");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// `report`: only what cannot change what a page does is sent, policies in their report-only form.
    pub mode: Mode,
    /// What the headers say that are not spoken of here.
    pub preset: Preset,
    /// Which of the headers that the application sets itself give way. Default: none.
    pub replace: Replace,
    /// Fields to remove from answers besides those that are always removed.
    pub remove: Vec<String>,
    /// What a page may load, run, embed and send to.
    pub content_security_policy: ContentSecurityPolicy,
    /// Whether a page may embed what did not agree to it: `require-corp`, `credentialless` or `unsafe-none`. In no preset.
    pub cross_origin_embedder_policy: Setting,
    /// Who gets a handle on our windows: `same-origin` (both presets), `same-origin-allow-popups`,
    /// `noopener-allow-popups` or `unsafe-none`.
    pub cross_origin_opener_policy: Setting,
    /// Who may embed our answers: `same-origin` (both presets), `same-site` or `cross-origin`.
    pub cross_origin_resource_policy: Setting,
    /// A process of its own for the origin: `?1` (both presets).
    pub origin_agent_cluster: Setting,
    /// Which features of the browser a page may ask for.
    pub permissions_policy: PermissionsPolicy,
    /// What a link tells the site it leads to: one policy or several with commas. `same-origin`
    /// (`strict`) or `no-referrer` (`helmet`).
    pub referrer_policy: Setting,
    /// The endpoints that `report-to` in a policy may name: name and URL.
    pub reporting_endpoints: BTreeMap<String, String>,
    /// Browsers come back over TLS only.
    pub strict_transport_security: StrictTransportSecurity,
    /// No guessing of media types: `nosniff` (both presets).
    pub x_content_type_options: Setting,
    /// Looking up the hosts of links ahead: `off` (both presets) or `on`.
    pub x_dns_prefetch_control: Setting,
    /// Opening downloads in the context of the site: `noopen` (both presets).
    pub x_download_options: Setting,
    /// Who may put a page into a frame: `DENY` (`strict`) or `SAMEORIGIN` (`helmet`).
    pub x_frame_options: Setting,
    /// Which `crossdomain.xml` counts: `none` (both presets), `master-only`, `by-content-type` or `all`.
    pub x_permitted_cross_domain_policies: Setting,
    /// The XSS filter of old browsers: `0` (both presets), and nothing else.
    pub x_xss_protection: Setting,
    /// `no-store-with-cookie` (`strict`), `no-cache` (everything, as helmet 3 did with `noCache`),
    /// `no-cache-without-pragma` (as the package nocache 4 does), or off (`helmet`).
    pub cache_control: Setting,
    /// Removed, with its kin, unless off.
    pub x_powered_by: Setting,
    /// Removed, with its kin, unless off.
    pub server: Setting,
    /// Exists to say no: any value is an error that says why.
    pub public_key_pins: Option<String>,
}

/// What the headers say that the configuration does not speak of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Preset {
    /// Only the site itself, nothing inline, no frames, no powerful features, two years of TLS.
    #[default]
    Strict,
    /// The defaults of helmet 8.3, for who moves over from it. Its policy allows inline styles.
    Helmet,
}

impl Config {
    /// The headers that are switched off, by their keys, with the reasons: for the log at start, and for whoever audits.
    pub fn switched_off(&self) -> Vec<(&'static str, &str)> {
        let settings = [
            ("cross_origin_embedder_policy", &self.cross_origin_embedder_policy),
            ("cross_origin_opener_policy", &self.cross_origin_opener_policy),
            ("cross_origin_resource_policy", &self.cross_origin_resource_policy),
            ("origin_agent_cluster", &self.origin_agent_cluster),
            ("referrer_policy", &self.referrer_policy),
            ("x_content_type_options", &self.x_content_type_options),
            ("x_dns_prefetch_control", &self.x_dns_prefetch_control),
            ("x_download_options", &self.x_download_options),
            ("x_frame_options", &self.x_frame_options),
            ("x_permitted_cross_domain_policies", &self.x_permitted_cross_domain_policies),
            ("x_xss_protection", &self.x_xss_protection),
            ("cache_control", &self.cache_control),
            ("x_powered_by", &self.x_powered_by),
            ("server", &self.server),
        ];
        let policies = [
            ("content_security_policy", self.content_security_policy.off.as_deref()),
            ("permissions_policy", self.permissions_policy.off.as_deref()),
            ("strict_transport_security", self.strict_transport_security.off.as_deref()),
        ];
        let reasons = policies.into_iter().chain(settings.map(|(key, setting)| (key, setting.reason())));
        reasons.filter_map(|(key, reason)| Some((key, reason?))).collect()
    }

    /// The fields that leave no answer.
    pub(super) fn removed(&self) -> Result<Vec<HeaderName>, ConfigError> {
        public_key_pins::refuse(self.public_key_pins.as_ref())?;
        let mut removed = Vec::from(public_key_pins::names());
        if self.x_powered_by.removes("x_powered_by")? {
            removed.extend(x_powered_by::names());
        }
        if self.server.removes("server")? {
            removed.extend(server::names());
        }
        for name in &self.remove {
            let name = HeaderName::try_from(name.as_str()).map_err(|_| {
                ConfigError::new("remove", format_args!("{name:?}"), "names of header fields")
            })?;
            removed.push(name);
        }
        Ok(removed)
    }
}
