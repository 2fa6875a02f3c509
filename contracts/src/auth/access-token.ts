import { z } from "zod";
import { Id } from "../kernel/ids.ts";

/** How access tokens are signed and what a verifier must insist on. */
export const accessToken = { algorithm: "EdDSA", issuer: "netconductor", audience: "netconductor" } as const;

/** Claims of an access token. It says who, never what they may do: permissions are looked up by `resolveActor` at each use. */
export const AccessTokenClaims = z.object({
	/** User. */
	sub: Id,
	/** Session. */
	sid: Id,
	iat: z.int(),
	exp: z.int(),
});
export type AccessTokenClaims = z.infer<typeof AccessTokenClaims>;

/** API tokens begin with this, so that they are told from access tokens and recognised where they leaked. */
export const apiTokenPrefix = "nc_";
