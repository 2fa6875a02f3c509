import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";

export const secondFactorRoute = createRoute({
	getParentRoute: () => framed,
	path: "/second-factor",
}).lazy(() => import("./page.tsx").then(({ route }) => route));
