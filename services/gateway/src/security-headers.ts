import helmet from "@fastify/helmet";
import Fastify from "fastify";

/** The headers that helmet gives every answer. They are the same for all, so they are worked out once. */
export async function securityHeaders(): Promise<Record<string, string>> {
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
		// Only where the browser came by TLS, which a proxy in front ends.
		strictTransportSecurity: false,
		crossOriginResourcePolicy: { policy: "same-site" },
	});
	app.get("/", (_, reply) => reply.status(204).send());
	const { connection: _, date: __, ...headers } = (await app.inject("/")).headers;
	return headers as Record<string, string>;
}
