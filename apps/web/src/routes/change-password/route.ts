import { createRoute } from "@tanstack/react-router";
import { signedIn } from "../root.tsx";
import { SignInSearch } from "../sign-in-search.ts";

export const changePasswordRoute = createRoute({
	getParentRoute: () => signedIn,
	path: "/change-password",
	validateSearch: SignInSearch,
}).lazy(() => import("./page.tsx").then(({ route }) => route));
