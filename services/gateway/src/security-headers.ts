import helmet from "@fastify/helmet";
import Fastify from "fastify";

/**
 * The headers that helmet gives every answer. They are the same for all, so they are worked out once.
 * @param isTls whether the gateway itself speaks TLS: only then may it promise browsers that it always will
 */
export async function securityHeaders(isTls: boolean): Promise<Record<string, string>> {
	const app = Fastify();
	await app.register(helmet, {
		contentSecurityPolicy: {
			directives: {
				defaultSrc: ["'self'"],
				// The component library sets styles from scripts.
				styleSrc: ["'self'", "'unsafe-inline'"],
				imgSrc: ["'self'", "data:"],
				fontSrc: ["'self'"],
				connectSrc: ["'self'"],
				frameAncestors: ["'none'"],
				formAction: ["'self'"],
				upgradeInsecureRequests: null,
			},
		},
		// A proxy in front that ends TLS says it itself. Other names of the same domain are not ours to speak for.
		strictTransportSecurity: isTls ? { maxAge: 31_536_000, includeSubDomains: false } : false,
		crossOriginResourcePolicy: { policy: "same-site" },
	});
	app.get("/", (_, reply) => reply.status(204).send());
	const { connection: _, date: __, ...headers } = (await app.inject("/")).headers;
	return headers as Record<string, string>;
}
