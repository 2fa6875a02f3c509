import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { useSession } from "../api/context.tsx";
import { untilLoaded } from "../api/load-code.ts";
import { unsaved } from "./unsaved.ts";

const load = () =>
	import("./sign-in-again-form.tsx").then(({ SignInAgainForm: component }) => ({ default: component }));
const SignInAgainForm = lazy(untilLoaded(load));

/**
 * A session that ended while a form holds something unsaved: signing in happens over the page, so that nothing typed is lost. Without
 * anything unsaved the sign-in page is opened, as for every session that ends.
 */
export function SignInAgain() {
	const session = useSession();
	const queries = useQueryClient();
	const router = useRouter();
	const [opened, setOpened] = useState(false);
	useEffect(
		() =>
			session.onEnd(() => {
				if (unsaved.any()) return setOpened(true);
				session.release();
				queries.clear();
				const { pathname, href } = router.latestLocation;
				if (pathname !== "/login") void router.navigate({ to: "/login", search: { next: href } });
			}),
		[session, queries, router],
	);
	if (!opened) return null;
	return (
		<Suspense>
			<SignInAgainForm onDone={() => setOpened(false)} />
		</Suspense>
	);
}
