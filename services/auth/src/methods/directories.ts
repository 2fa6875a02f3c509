import type { Vault } from "@netconductor/runtime/vault";
import { createLdapDirectory } from "../ldap/ldap-directory.ts";
import type { Directory } from "./identity.ts";
import { type MethodOf, openMethodSecret } from "./method-store.ts";

export interface Directories {
	/** The directory of a method as it is configured now. Nothing is connected before it is asked something. */
	open(method: MethodOf<"ldap">): Promise<Directory>;
}

export function createDirectories({ vault }: { vault: Vault }): Directories {
	return {
		open: async (method) => createLdapDirectory(method.config, await openMethodSecret(vault, method)),
	};
}
