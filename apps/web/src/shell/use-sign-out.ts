import { useApi, useMe, useSession } from "../api/context.tsx";
import { forgetRecent } from "./palette/recent.ts";

/** Ends the session here and on the server. */
export function useSignOut(): () => Promise<void> {
	const api = useApi();
	const session = useSession();
	const { user } = useMe();
	return async () => {
		forgetRecent(user.id);
		// Without an answer the session here ends all the same; on the server it ends by itself.
		await api.auth.logout({}).catch(() => undefined);
		await session.end();
	};
}
