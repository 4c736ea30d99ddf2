// The rows of Kafka's broker keys without an effect here: protection of
// listeners, which are refused where they ask for it. Their values are checked
// as Kafka checks them.
import Base

extension BrokerSettings {
    static let tlsRows: [ConfigRule<BrokerSettings>] = [
        .unused("ssl.allow.dn.changes", .boolean, Unused.tls).defaultsTo("false").low,
        .unused("ssl.allow.san.changes", .boolean, Unused.tls).defaultsTo("false").low,
        .unused("ssl.cipher.suites", .list, Unused.tls).defaultsTo("").perBroker,
        .unused(
            "ssl.client.auth", .choice(["required", "requested", "none"], ignoresCase: false),
            Unused.tls
        ).defaultsTo("none").perBroker,
        .unused("ssl.enabled.protocols", .list, Unused.tls).defaultsTo("TLSv1.2,TLSv1.3").perBroker,
        .unused("ssl.endpoint.identification.algorithm", .string, Unused.tls).defaultsTo("https").low
            .perBroker,
        .unused("ssl.engine.factory.class", .className, Unused.tls).low.perBroker,
        .unused("ssl.key.password", .password, Unused.tls).perBroker,
        .unused("ssl.keymanager.algorithm", .string, Unused.tls).defaultsTo("SunX509").perBroker,
        .unused("ssl.keystore.certificate.chain", .password, Unused.tls).perBroker,
        .unused("ssl.keystore.key", .password, Unused.tls).perBroker,
        .unused("ssl.keystore.location", .string, Unused.tls).perBroker,
        .unused("ssl.keystore.password", .password, Unused.tls).perBroker,
        .unused("ssl.keystore.type", .string, Unused.tls).defaultsTo("JKS").perBroker,
        .unused("ssl.principal.mapping.rules", .string, Unused.tls).defaultsTo("DEFAULT").low,
        .unused("ssl.protocol", .string, Unused.tls).defaultsTo("TLSv1.3").perBroker,
        .unused("ssl.provider", .string, Unused.tls).perBroker,
        .unused("ssl.secure.random.implementation", .string, Unused.tls).low.perBroker,
        .unused("ssl.trustmanager.algorithm", .string, Unused.tls).defaultsTo("PKIX").perBroker,
        .unused("ssl.truststore.certificates", .password, Unused.tls).perBroker,
        .unused("ssl.truststore.location", .string, Unused.tls).perBroker,
        .unused("ssl.truststore.password", .password, Unused.tls).perBroker,
        .unused("ssl.truststore.type", .string, Unused.tls).defaultsTo("JKS").perBroker,
    ]

    static let saslRows: [ConfigRule<BrokerSettings>] = [
        .unused("connection.failed.authentication.delay.ms", .int(from: 0), Unused.sasl).defaultsTo("100")
            .low,
        .unused("connections.max.reauth.ms", .long(), Unused.sasl).defaultsTo("0"),
        .unused("sasl.client.callback.handler.class", .className, Unused.sasl),
        .unused("sasl.enabled.mechanisms", .list, Unused.sasl).defaultsTo("GSSAPI").perBroker,
        .unused("sasl.jaas.config", .password, Unused.sasl).perBroker,
        .unused("sasl.kerberos.kinit.cmd", .string, Unused.sasl).defaultsTo("/usr/bin/kinit").perBroker,
        .unused("sasl.kerberos.min.time.before.relogin", .long(), Unused.sasl).defaultsTo("60000").perBroker,
        .unused("sasl.kerberos.principal.to.local.rules", .list, Unused.sasl).defaultsTo("DEFAULT").perBroker,
        .unused("sasl.kerberos.service.name", .string, Unused.sasl).perBroker,
        .unused("sasl.kerberos.ticket.renew.jitter", .double, Unused.sasl).defaultsTo("0.05").perBroker,
        .unused("sasl.kerberos.ticket.renew.window.factor", .double, Unused.sasl).defaultsTo("0.8").perBroker,
        .unused("sasl.login.callback.handler.class", .className, Unused.sasl),
        .unused("sasl.login.class", .className, Unused.sasl),
        .unused("sasl.login.connect.timeout.ms", .int(), Unused.sasl).low,
        .unused("sasl.login.read.timeout.ms", .int(), Unused.sasl).low,
        .unused("sasl.login.refresh.buffer.seconds", .short(), Unused.sasl).defaultsTo("300").perBroker,
        .unused("sasl.login.refresh.min.period.seconds", .short(), Unused.sasl).defaultsTo("60").perBroker,
        .unused("sasl.login.refresh.window.factor", .double, Unused.sasl).defaultsTo("0.8").perBroker,
        .unused("sasl.login.refresh.window.jitter", .double, Unused.sasl).defaultsTo("0.05").perBroker,
        .unused("sasl.login.retry.backoff.max.ms", .long(), Unused.sasl).defaultsTo("10000").low,
        .unused("sasl.login.retry.backoff.ms", .long(), Unused.sasl).defaultsTo("100").low,
        .unused("sasl.mechanism.controller.protocol", .string, Unused.sasl).defaultsTo("GSSAPI").high,
        .unused("sasl.mechanism.inter.broker.protocol", .string, Unused.sasl).defaultsTo("GSSAPI").perBroker,
        .unused(
            "sasl.oauthbearer.assertion.algorithm", .choice(["ES256", "RS256"], ignoresCase: true),
            Unused.sasl
        ).defaultsTo("RS256"),
        .unused("sasl.oauthbearer.assertion.claim.aud", .string, Unused.sasl),
        .unused("sasl.oauthbearer.assertion.claim.exp.seconds", .int(from: 0, to: 86400), Unused.sasl)
            .defaultsTo("300").low,
        .unused("sasl.oauthbearer.assertion.claim.iss", .string, Unused.sasl),
        .unused("sasl.oauthbearer.assertion.claim.jti.include", .boolean, Unused.sasl).defaultsTo("false"),
        .unused("sasl.oauthbearer.assertion.claim.nbf.seconds", .int(from: 0, to: 3600), Unused.sasl)
            .defaultsTo("60").low,
        .unused("sasl.oauthbearer.assertion.claim.sub", .string, Unused.sasl),
        .unused("sasl.oauthbearer.assertion.file", .string, Unused.sasl),
        .unused("sasl.oauthbearer.assertion.private.key.file", .string, Unused.sasl),
        .unused("sasl.oauthbearer.assertion.private.key.passphrase", .password, Unused.sasl),
        .unused("sasl.oauthbearer.assertion.template.file", .string, Unused.sasl),
        .unused("sasl.oauthbearer.client.credentials.client.id", .string, Unused.sasl),
        .unused("sasl.oauthbearer.client.credentials.client.secret", .password, Unused.sasl),
        .unused("sasl.oauthbearer.clock.skew.seconds", .int(), Unused.sasl).defaultsTo("30").low,
        .unused("sasl.oauthbearer.expected.audience", .list, Unused.sasl).defaultsTo("").high,
        .unused("sasl.oauthbearer.expected.issuer", .string, Unused.sasl).high,
        .unused("sasl.oauthbearer.jwks.endpoint.refresh.ms", .long(), Unused.sasl).defaultsTo("3600000").low,
        .unused("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", .long(), Unused.sasl).defaultsTo(
            "10000"
        ).low,
        .unused("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", .long(), Unused.sasl).defaultsTo("100")
            .low,
        .unused("sasl.oauthbearer.jwks.endpoint.url", .string, Unused.sasl),
        .unused("sasl.oauthbearer.jwt.retriever.class", .className, Unused.sasl).defaultsTo(
            "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever"),
        .unused("sasl.oauthbearer.jwt.validator.class", .className, Unused.sasl).defaultsTo(
            "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator"),
        .unused("sasl.oauthbearer.scope", .string, Unused.sasl),
        .unused("sasl.oauthbearer.scope.claim.name", .string, Unused.sasl).defaultsTo("scope").low,
        .unused("sasl.oauthbearer.sub.claim.name", .string, Unused.sasl).defaultsTo("sub").low,
        .unused("sasl.oauthbearer.token.endpoint.url", .string, Unused.sasl),
        .unused("sasl.server.callback.handler.class", .className, Unused.sasl),
        .unused("sasl.server.max.receive.size", .int(), Unused.sasl).defaultsTo("524288"),
        .unused("security.providers", .string, Unused.sasl).low,
    ]

    static let tokensRows: [ConfigRule<BrokerSettings>] = [
        .unused("delegation.token.expiry.check.interval.ms", .long(from: 1), Unused.tokens).defaultsTo(
            "3600000"
        ).low,
        .unused("delegation.token.expiry.time.ms", .long(from: 1), Unused.tokens).defaultsTo("86400000"),
        .unused("delegation.token.max.lifetime.ms", .long(from: 1), Unused.tokens).defaultsTo("604800000"),
        .unused("delegation.token.secret.key", .password, Unused.tokens),
    ]
}
