import { createRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "../../api/context.tsx";
import { signedIn } from "../root.tsx";
import { SignInSearch } from "../sign-in-search.ts";

export const addSecondFactorRoute = createRoute({
	getParentRoute: () => signedIn,
	path: "/add-second-factor",
	validateSearch: SignInSearch,
	beforeLoad: async ({ context: { api, queries } }) => {
		const { must_add_second_factor } = await queries.ensureQueryData(meQuery(api));
		if (!must_add_second_factor) throw redirect({ to: "/second-factor" });
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
