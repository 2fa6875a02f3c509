import type { Clock } from "@netconductor/runtime/clock";
import type { Outbound } from "@netconductor/runtime/http/outbound";
import type { Vault } from "@netconductor/runtime/vault";
import { createLdapDirectory } from "../ldap/ldap-directory.ts";
import { createIssuerKeys } from "../oidc/issuer-keys.ts";
import { createProvider, type Provider } from "../oidc/provider.ts";
import type { Directory } from "./identity.ts";
import { type MethodOf, openMethodSecret } from "./method-store.ts";

/** Opens ways to sign in as they are configured now. Nothing is connected before it is asked something. */
export interface MethodKinds {
	directory(method: MethodOf<"ldap">): Promise<Directory>;
	provider(method: MethodOf<"oidc">): Promise<Provider>;
}

export function createMethodKinds({
	vault,
	outbound,
	clock,
}: {
	vault: Vault;
	outbound: Outbound;
	clock: Clock;
}): MethodKinds {
	const keys = createIssuerKeys({ clock });
	return {
		directory: async (method) => createLdapDirectory(method.config, await openMethodSecret(vault, method)),
		provider: async (method) =>
			createProvider(method.config, await openMethodSecret(vault, method), { outbound, keys }),
	};
}
