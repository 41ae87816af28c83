//! From the attack to what stands against it: what happened, what we do, which test shows it.
//!
//! # Request smuggling (CWE-444)
//!
//! Two readers of one connection disagree where a message ends, and the second takes the rest of the first one's body for a request
//! of its own. It needs two `Content-Length`s, one beside `Transfer-Encoding`, a list of codings, a `+5`, a bare line feed.
//!
//! hyper reads strictly; [`crate::intake::framing`] refuses whatever is still in doubt and closes the connection; what goes on is
//! written anew, never passed through. An answer with the same doubt is a 502.
//! *Shown by* `doubtful_framing_is_refused_and_closes` and `bench/security` (requests `cl-*`, `te-*`, `chunk-*`; responses).
//!
//! # Paths with two spellings (CWE-22, CWE-863)
//!
//! `/ADMIN`, `//admin`, `/x/..%2fadmin`, `/admin;v=1`: the proxy's rule reads one path, the app's router another.
//!
//! [`crate::intake::path`] puts a path into one spelling, which is what is matched *and* forwarded, and refuses what two readers could
//! take apart differently; rules match its widest reading, without regard to case.
//! *Shown by* `every_spelling_of_a_path_is_matched_alike`, `what_is_denied_is_denied_in_every_spelling`.
//!
//! # Forged forwarding fields (CWE-348)
//!
//! `X-Forwarded-For: 127.0.0.1` makes a stranger local; `Connection: X-Forwarded-Proto` takes away what the proxy added
//! (CVE-2022-31813).
//!
//! [`crate::client`] takes out everything of the kind that no trusted proxy vouches for, underscore spellings included, and writes the
//! fields anew after the hop-by-hop fields are gone. *Shown by* `what_a_client_forges_does_not_reach_the_app`.
//!
//! # Slow clients (CWE-400, slowloris)
//!
//! A head, a body or a read, a byte at a time, holds a connection; some hundreds hold a server.
//!
//! [`mod@crate::serve`] has a deadline for the first byte, the head and the handshake and a least rate for reading;
//! [`crate::timeout`] one for the body. *Shown by* `clients_that_are_slow_silent_or_loud_are_closed`,
//! `a_reader_that_stops_is_cut_off`, `a_silent_connection_costs_less_than_a_kilobyte`.
//!
//! # HTTP/2 resets (CVE-2023-44487, CVE-2025-8671)
//!
//! A client opens and resets streams, or provokes us to reset them, faster than they can be dropped.
//!
//! Both limits are set by us and not left to a default. *Shown by* `bench/security` (`rapidreset`, `madeyoureset`).
//!
//! # Upgrades that tunnel (CVE-2026-2833)
//!
//! Bytes after an `Upgrade` that the application never agreed to, or `h2c` inside HTTP/1.1, get past every rule.
//!
//! An upgrade is one named protocol, never `h2c`; nothing is tunnelled before the application's own 101 to that protocol, and an
//! unasked 101 is a 502. *Shown by* `an_upgrade_is_one_protocol_and_never_h2c`, `an_upstream_that_misbehaves_is_a_clean_502`.
//!
//! # Planted session cookies (CWE-384)
//!
//! A sibling host, or anybody on plain HTTP, sets `connect.sid` for a whole domain.
//!
//! [`crate::cookie`] gives sessions a name with the `__Host-` prefix, which no sibling can set, and does not believe the old one.
//! *Shown by* `a_session_name_that_anybody_can_plant_is_not_believed`.
//!
//! In an application of ours, [`crate::session`] never takes over an id that it did not issue, and `renew` at login makes one that was
//! seen before worthless. *Shown by* `an_id_that_was_never_issued_is_not_taken_over`, `a_login_renews_the_id_and_keeps_the_cart`.
//!
//! # Sessions that come back, and changes that are lost (CWE-362, CWE-613)
//!
//! Two requests of one session run at once. The one that ends last writes the whole session as it read it: what the other one changed
//! is gone, and if that was the logout, the user is logged in again.
//!
//! [`crate::session`] binds each write to what was read, and makes its changes anew on what is there if that is something else; what is
//! gone stays gone. *Shown by* `parallel_requests_of_one_session_lose_nothing`, `a_session_destroyed_meanwhile_does_not_come_back`.
//!
//! # Cookies that the client reads and keeps (CWE-315, CWE-565)
//!
//! What an application puts into a cookie is there for whoever has the browser, or a copy, for as long as they like.
//!
//! [`crate::session::cookie_session`] seals sessions and ends them from inside; the gate does both for the cookies of an application
//! that knows nothing of it ([`crate::cookie::Config::seal`], [`crate::cookie::Config::max_age`]). *Shown by*
//! `idle_and_absolute_lifetime_end_a_cookie_that_the_client_keeps`,
//! `an_app_finds_its_own_cookies_and_the_browser_finds_nothing_in_them`.
//!
//! # Requests of other sites (CWE-352, CWE-1385)
//!
//! A page anywhere posts a form to this application, or opens a WebSocket, and the browser adds the user's cookie.
//! `SameSite=Lax` helps against other sites, not against a sibling host, and not for cookies that are `SameSite=None`.
//!
//! [`crate::csrf`] goes by what the browser says of the page (`Sec-Fetch-Site`, `Origin`) and refuses every other origin that is
//! not named; [`crate::csrf::token_layer`] asks for tokens on top, new in every answer (BREACH, CVE-2013-3587).
//! *Shown by* `a_form_of_another_site_is_obeyed_bare_and_refused_behind_the_gate`,
//! `a_websocket_is_opened_from_the_apps_own_pages_only`, `never_lets_through_what_tower_http_refuses`,
//! `a_token_is_for_one_session_and_new_in_every_answer`.
//!
//! # Answers that any site may read (CWE-942)
//!
//! An application reflects whatever `Origin` asks, or one that ends right, and allows credentials: every page that a user visits
//! reads what the user sees.
//!
//! [`crate::cors`] says who may read in the application's place; everybody together with credentials does not build, and where the
//! application says so all the same, nobody may read. *Shown by* `only_the_origins_that_the_gate_names_may_read`,
//! `patterns_match_whole_origins`, `by_default_the_application_says_and_what_is_unsafe_is_taken_out`.
//!
//! # Inflation bombs (CWE-409)
//!
//! Ten kilobytes of gzip are ten megabytes of JSON.
//!
//! [`crate::body`] counts what a body inflates to, and stops there with bounded memory. *Shown by* the body guard's tests on bombs.
//!
//! # Guessed passwords (CWE-307, credential stuffing)
//!
//! A list of stolen passwords is tried at thousands a minute; or slowly, from two hundred addresses, at one account. A lock on the
//! account would stop both, and hand anybody the means to lock its owner out.
//!
//! [`crate::limit::login`] counts failures by address, by name and address, and by name; tries in parallel are counted before they
//! reach the application; and the owner's own device, known by a signed cookie, is asked none of that. [`crate::limit::rate`] counts
//! every try on a login path, whatever the answer. *Shown by* `a_burst_of_bad_logins_stops_and_the_right_user_gets_in_from_elsewhere`,
//! `two_hundred_addresses_do_not_guess_one_account_nor_lock_its_owner_out`, and the vectors of rate-limiter-flexible.
//!
//! # Too many requests (CWE-770), and memory filled by counting them
//!
//! Scripts ask as fast as the server answers; and a limiter that keeps a record for each address is itself filled, by an IPv6 network
//! that has more addresses than there is memory.
//!
//! [`crate::limit::rate`] limits by address, IPv6 by network; its counters in memory are bounded, and those of who is refused are given
//! up last; on Redis any number of gates count together. *Shown by* `three_gates_and_one_redis_pass_exactly_a_thousand`,
//! `a_gate_that_is_killed_takes_no_more_along_than_it_had_in_hand`,
//! `a_flood_of_new_keys_stays_within_the_bound_and_frees_nobody_who_is_refused`, and `bench/limit`.
//!
//! # Stack traces (CWE-209)
//!
//! An error page tells file names, versions, queries, sometimes passwords.
//!
//! [`crate::error`] shows a request id and keeps the rest for the log. *Shown by*
//! `an_error_shows_a_request_id_and_the_log_shows_the_error`.
//!
//! # Files that were not meant to be public (CWE-538, CWE-22)
//!
//! `.env`, `.git/config`, a link out of the root. *Shown by* `only_what_is_meant_to_be_public_leaves_the_disk`.
