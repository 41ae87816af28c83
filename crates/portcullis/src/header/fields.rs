//! The fields of an answer, built once.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{
    Config, Nonce, Setting,
    cache_control::CacheControl,
    content_security_policy::PolicyValue,
    cross_origin_embedder_policy, cross_origin_opener_policy, cross_origin_resource_policy,
    origin_agent_cluster, referrer_policy, reporting_endpoints,
    token_header::{InReport, TokenHeader},
    x_content_type_options, x_dns_prefetch_control, x_download_options, x_frame_options,
    x_permitted_cross_domain_policies, x_xss_protection,
};
use crate::{ConfigError, mode::Mode};

/// What is added to the answers of one kind of connection, in the order in which helmet writes it.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<Field>);

#[derive(Debug)]
struct Field {
    name: HeaderName,
    value: PolicyValue,
    /// Whether the application's own field gives way.
    replaces: bool,
}

impl Fields {
    pub(super) fn new(config: &Config, mode: Mode, is_secure: bool) -> Result<Self, ConfigError> {
        let mut builder = Builder { config, mode, fields: Self::default() };
        builder.add_content_security_policy(is_secure)?;
        builder.add_token(&cross_origin_embedder_policy::HEADER, &config.cross_origin_embedder_policy)?;
        builder.add_token(&cross_origin_opener_policy::HEADER, &config.cross_origin_opener_policy)?;
        builder.add_token(&cross_origin_resource_policy::HEADER, &config.cross_origin_resource_policy)?;
        builder.add_token(&origin_agent_cluster::HEADER, &config.origin_agent_cluster)?;
        if let Some(value) = referrer_policy::value(&config.referrer_policy, config.preset)? {
            builder.add(header::REFERRER_POLICY, value, InReport::Withheld);
        }
        if let Some(value) = config.strict_transport_security.value(config.preset)?
            && is_secure
        {
            builder.add(header::STRICT_TRANSPORT_SECURITY, value, InReport::Withheld);
        }
        builder.add_token(&x_content_type_options::HEADER, &config.x_content_type_options)?;
        builder.add_token(&x_dns_prefetch_control::HEADER, &config.x_dns_prefetch_control)?;
        builder.add_token(&x_download_options::HEADER, &config.x_download_options)?;
        builder.add_token(&x_frame_options::HEADER, &config.x_frame_options)?;
        builder.add_token(
            &x_permitted_cross_domain_policies::HEADER,
            &config.x_permitted_cross_domain_policies,
        )?;
        builder.add_token(&x_xss_protection::HEADER, &config.x_xss_protection)?;
        if let Some(value) = config.permissions_policy.value(config.preset)? {
            let name = HeaderName::from_static("permissions-policy");
            builder.add(name, value, InReport::As("permissions-policy-report-only"));
        }
        if let Some(value) = reporting_endpoints::value(&config.reporting_endpoints)? {
            builder.add(HeaderName::from_static("reporting-endpoints"), value, InReport::Sent);
        }
        for (name, value) in CacheControl::new(&config.cache_control, config.preset)?.fields() {
            builder.add(name, value, InReport::Withheld);
        }
        Ok(builder.fields)
    }

    /// Whether a field of this name is among them. Names do not know case (RFC 9110, section 5.1).
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|field| field.name.as_str().eq_ignore_ascii_case(name))
    }

    pub(super) fn need_nonce(&self) -> bool {
        // The policy is the only field that can, and it is the first.
        self.0.first().is_some_and(|field| matches!(field.value, PolicyValue::PerRequest { .. }))
    }

    pub(super) fn add(&self, headers: &mut HeaderMap, nonce: Option<Nonce>) {
        // A header map takes at most 32,768 fields; one that is full is left as it is.
        if headers.try_reserve(self.0.len()).is_err() {
            return;
        }
        for field in &self.0 {
            if field.replaces {
                let _ = headers.try_insert(&field.name, field.value.with(nonce));
            } else if let Ok(header::Entry::Vacant(entry)) = headers.try_entry(&field.name) {
                let _ = entry.try_insert(field.value.with(nonce));
            }
        }
    }
}

struct Builder<'a> {
    config: &'a Config,
    mode: Mode,
    fields: Fields,
}

impl Builder<'_> {
    fn add_content_security_policy(&mut self, is_secure: bool) -> Result<(), ConfigError> {
        let Some(policy) = self.config.content_security_policy.policy(self.config.preset)? else {
            return Ok(());
        };
        let policy = if is_secure { policy } else { policy.without_upgrade() };
        let Some(value) = policy.value()? else { return Ok(()) };
        let report_only = header::CONTENT_SECURITY_POLICY_REPORT_ONLY;
        if self.config.content_security_policy.report_only {
            self.add_value(report_only, value, InReport::Sent);
        } else {
            self.add_value(
                header::CONTENT_SECURITY_POLICY,
                value,
                InReport::As("content-security-policy-report-only"),
            );
        }
        Ok(())
    }

    fn add_token(&mut self, token: &TokenHeader, setting: &Setting) -> Result<(), ConfigError> {
        if let Some((name, value)) = token.field(setting, self.config.preset)? {
            self.add(name, value, token.in_report);
        }
        Ok(())
    }

    fn add(&mut self, name: HeaderName, value: HeaderValue, in_report: InReport) {
        self.add_value(name, PolicyValue::Fixed(value), in_report);
    }

    fn add_value(&mut self, name: HeaderName, value: PolicyValue, in_report: InReport) {
        let field = match (self.mode, in_report) {
            (Mode::Enforce, _) => {
                let replaces = name == header::X_XSS_PROTECTION || self.config.replace.contains(&name);
                Field { name, value, replaces }
            }
            (Mode::Report, InReport::Sent) => {
                let replaces = name == header::X_XSS_PROTECTION;
                Field { name, value, replaces }
            }
            (Mode::Report, InReport::As(name)) => {
                Field { name: HeaderName::from_static(name), value, replaces: false }
            }
            (Mode::Report, InReport::Withheld) => return,
        };
        self.fields.0.push(field);
    }
}
