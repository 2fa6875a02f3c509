import { authApi } from "@netconductor/contracts/auth/api";
import { devicesApi } from "@netconductor/contracts/devices/api";
import { configInvalid } from "@netconductor/runtime/config";
import { defineService } from "@netconductor/runtime/host/service";
import { AuthConfig } from "./config.ts";
import { createInitialPasswordFile, ensureFirstUser } from "./first-start.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { noteRotation } from "./keys/note-rotation.ts";
import { createSigningKeys, sealedSigningKeys } from "./keys/signing-keys.ts";
import {
	createLoginMethod,
	deleteLoginMethod,
	getLoginMethod,
	listLoginMethods,
	orderLoginMethods,
	testLoginMethod,
	updateLoginMethod,
} from "./methods/manage-methods.ts";
import { createMethodKinds } from "./methods/method-kinds.ts";
import { sealedMethodSecrets } from "./methods/method-store.ts";
import { endOidcSession } from "./oidc/end-session.ts";
import { beginOidc, finishOidc, sealedProviderTokens } from "./oidc/sign-in.ts";
import { beginPasskeyProof } from "./passkeys/begin-passkey-proof.ts";
import { addPasskey, beginPasskey, removePasskey, renamePasskey } from "./passkeys/manage-passkeys.ts";
import { relyingPartyAt } from "./passkeys/relying-party.ts";
import { beginPasskeySignIn, signInWithPasskey, signInWithPasskeyAsWell } from "./passkeys/sign-in-with-passkey.ts";
import { openBreachedPasswords } from "./passwords/breached-passwords.ts";
import { createPasswords } from "./passwords/hashing.ts";
import { createPasswordRules } from "./passwords/password-rules.ts";
import { createRole, deleteRole, getRole, listPermissions, listRoles, updateRole } from "./roles/manage-roles.ts";
import { writePresetRoles } from "./roles/role-store.ts";
import { sealedFactorSecrets } from "./second-factor/factor-store.ts";
import {
	beginSecondFactor,
	confirmSecondFactor,
	createRecoveryCodes,
	listMySecondFactors,
	listUserSecondFactors,
	removeSecondFactor,
	removeUserSecondFactors,
} from "./second-factor/manage-factors.ts";
import { signInWithCode } from "./second-factor/sign-in-with-code.ts";
import { describeServiceAccount } from "./service-accounts/insiders.ts";
import {
	createServiceAccountToken,
	listServiceAccountTokens,
	revokeServiceAccountToken,
	rotateServiceAccountToken,
} from "./service-accounts/manage-account-tokens.ts";
import {
	createServiceAccount,
	deleteServiceAccount,
	getServiceAccount,
	listServiceAccounts,
	updateServiceAccount,
} from "./service-accounts/manage-accounts.ts";
import { login } from "./sessions/login.ts";
import {
	listMySessions,
	listUserSessions,
	revokeMySession,
	revokeOtherSessions,
	revokeUserSession,
} from "./sessions/manage-sessions.ts";
import { refresh } from "./sessions/refresh.ts";
import { resolveActor } from "./sessions/resolve-actor.ts";
import { changePassword, getMe, logout } from "./sessions/session-operations.ts";
import { createWsTicket, redeemWsTicket } from "./sessions/ws-tickets.ts";
import { getSettings, getSignIn, listKeys, rotateKeys, updateSettings } from "./settings/settings-operations.ts";
import { createLoginThrottle } from "./throttle/login-throttle.ts";
import { createToken, listMyTokens, listUserTokens, revokeMyToken, revokeUserToken } from "./tokens/manage-tokens.ts";
import { describeUsers, listHolders } from "./users/holders.ts";
import { createUser, deleteUser, getUser, listUsers, setUserPassword, updateUser } from "./users/manage-users.ts";
import { createView, deleteView, listViews, updateView } from "./views/manage-views.ts";

export const authService = defineService({
	name: "auth",
	api: authApi,
	config: AuthConfig,
	migrations: new URL("../migrations/", import.meta.url),
	needs: { devices: devicesApi },
	// Everybody who is asked by devices needs to know who asks; auth asks it only of the groups in a role that somebody changes.
	starts_before: ["devices"],
	async setup({
		db,
		vault,
		outbox,
		ephemeral,
		outbound,
		config,
		clients,
		clock,
		log,
		ownAccount,
		process: { data_dir, local_url },
	}) {
		const passwords = await createPasswords();
		const rules = createPasswordRules(await breachedPasswords(config.breached_passwords_path));
		const throttle = createLoginThrottle({ db, clock, key: vault.keyFor("login throttle") });
		const keys = createSigningKeys({ db, vault, clock });
		const initialPassword = createInitialPasswordFile(data_dir);
		const methods = createMethodKinds({ vault, outbound, clock });
		const needs = {
			party: relyingPartyAt(config.public_url ?? local_url),
			db,
			vault,
			methods,
			log,
			outbox,
			ephemeral,
			clock,
			passwords,
			rules,
			throttle,
			keys,
			initialPassword,
			devices: clients.devices,
			ownAccount,
		};

		await writePresetRoles(db.orm, clock.now().toISOString());
		await keys.ensure();
		await ensureFirstUser({ ...needs, admin_password: config.admin_password });
		const housekeeping = createHousekeeping({ ...needs, log });

		return {
			operations: {
				getSignIn: getSignIn(needs),
				login: login(needs),
				signInWithCode: signInWithCode(needs),
				signInWithPasskeyAsWell: signInWithPasskeyAsWell(needs),
				beginPasskeySignIn: beginPasskeySignIn(needs),
				signInWithPasskey: signInWithPasskey(needs),
				beginOidc: beginOidc(needs),
				finishOidc: finishOidc(needs),
				endOidcSession: endOidcSession(needs),
				refresh: refresh(needs),
				logout: logout(needs),
				getMe: getMe(needs),
				changePassword: changePassword(needs),
				listMySecondFactors: listMySecondFactors(needs),
				beginSecondFactor: beginSecondFactor(needs),
				confirmSecondFactor: confirmSecondFactor(needs),
				removeSecondFactor: removeSecondFactor(needs),
				beginPasskeyProof: beginPasskeyProof(needs),
				beginPasskey: beginPasskey(needs),
				addPasskey: addPasskey(needs),
				renamePasskey: renamePasskey(needs),
				removePasskey: removePasskey(needs),
				createRecoveryCodes: createRecoveryCodes(needs),
				createWsTicket: createWsTicket(needs),
				redeemWsTicket: redeemWsTicket(needs),
				getJwks: () => keys.published(),
				resolveActor: resolveActor(needs),
				describeUsers: describeUsers(needs),
				listHolders: listHolders(needs),

				listMySessions: listMySessions(needs),
				revokeMySession: revokeMySession(needs),
				revokeOtherSessions: revokeOtherSessions(needs),
				listUserSessions: listUserSessions(needs),
				revokeUserSession: revokeUserSession(needs),

				listMyTokens: listMyTokens(needs),
				createToken: createToken(needs),
				revokeMyToken: revokeMyToken(needs),
				listUserTokens: listUserTokens(needs),
				revokeUserToken: revokeUserToken(needs),

				listUsers: listUsers(needs),
				createUser: createUser(needs),
				getUser: getUser(needs),
				updateUser: updateUser(needs),
				setUserPassword: setUserPassword(needs),
				listUserSecondFactors: listUserSecondFactors(needs),
				removeUserSecondFactors: removeUserSecondFactors(needs),
				deleteUser: deleteUser(needs),

				listServiceAccounts: listServiceAccounts(needs),
				createServiceAccount: createServiceAccount(needs),
				getServiceAccount: getServiceAccount(needs),
				updateServiceAccount: updateServiceAccount(needs),
				deleteServiceAccount: deleteServiceAccount(needs),
				listServiceAccountTokens: listServiceAccountTokens(needs),
				createServiceAccountToken: createServiceAccountToken(needs),
				rotateServiceAccountToken: rotateServiceAccountToken(needs),
				revokeServiceAccountToken: revokeServiceAccountToken(needs),
				describeServiceAccount: describeServiceAccount(needs),

				listRoles: listRoles(needs),
				listPermissions: listPermissions(),
				createRole: createRole(needs),
				getRole: getRole(needs),
				updateRole: updateRole(needs),
				deleteRole: deleteRole(needs),

				listLoginMethods: listLoginMethods(needs),
				getLoginMethod: getLoginMethod(needs),
				createLoginMethod: createLoginMethod(needs),
				updateLoginMethod: updateLoginMethod(needs),
				orderLoginMethods: orderLoginMethods(needs),
				deleteLoginMethod: deleteLoginMethod(needs),
				testLoginMethod: testLoginMethod(needs),

				listViews: listViews(needs),
				createView: createView(needs),
				updateView: updateView(needs),
				deleteView: deleteView(needs),

				getSettings: getSettings(needs),
				updateSettings: updateSettings(needs),
				listKeys: listKeys(needs),
				rotateKeys: rotateKeys(needs),
			},
			consumers: { "keys.rotated.v1": noteRotation({ keys, ephemeral, log }) },
			sealed: [sealedSigningKeys, sealedMethodSecrets, sealedProviderTokens, sealedFactorSecrets],
			start: async () => housekeeping.start(),
			stop: () => housekeeping.stop(),
		};
	},
});

/** @throws startup.config_invalid where the list cannot be used: who named one relies on it */
function breachedPasswords(path: string | undefined) {
	if (path === undefined) return undefined;
	return openBreachedPasswords(path).catch((error: Error) => {
		throw configInvalid([
			{ path: "NETCONDUCTOR_AUTH_BREACHED_PASSWORDS_PATH", message: `cannot be used: ${error.message}` },
		]);
	});
}
