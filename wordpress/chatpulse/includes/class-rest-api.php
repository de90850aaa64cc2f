<?php
/**
 * The plugin's REST routes.
 *
 * @package Chatpulse
 */

namespace Chatpulse;

defined( 'ABSPATH' ) || exit;

/**
 * Registers the routes, and does for each of them what all have in common: who calls, and how a refusal is answered.
 */
final class Rest_Api {

	/** The namespace of all routes. */
	public const ROUTES = 'chatpulse-chat/v1';

	/** A person, or the chat server on behalf of one. */
	public const USER = 'user';

	/** The same, and a person by the login cookie alone, as a browser sends it when it loads a picture. Only for what is read. */
	public const USER_OR_COOKIE = 'user or cookie';

	/** Also the chat server for itself. */
	public const USER_OR_SERVER = 'user or server';

	/** The chat server only. */
	public const SERVER = 'server';

	/** A person with a browser only. */
	public const PERSON = 'person';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_action(
			'rest_api_init',
			static function (): void {
				Rest_Threads::routes();
				Rest_Participants::routes();
				Rest_Messages::routes();
				Rest_Typing::routes();
				Rest_Users::routes();
				Rest_Attachments::routes();
				Rest_Socket_Token::routes();
				Rest_Batch::routes();
			}
		);
	}

	/**
	 * Whether this request is for one of the routes, by its address: known before WordPress has found out what is asked for.
	 */
	public static function is_called(): bool {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only compared.
		$path = strtok( (string) ( $_SERVER['REQUEST_URI'] ?? '' ), '?' );
		return str_contains( (string) $path, '/' . rest_get_url_prefix() . '/' . self::ROUTES . '/' );
	}

	/**
	 * Registers one route for one method.
	 *
	 * @param string                                                 $method  The HTTP method.
	 * @param string                                                 $path    Below the namespace.
	 * @param string                                                 $who     One of the constants above.
	 * @param array<string, array<string, mixed>>                    $args    As for register_rest_route().
	 * @param callable(\WP_REST_Request, Caller): \WP_REST_Response $handler Answers; what it throws is answered as an error.
	 */
	public static function route( string $method, string $path, string $who, array $args, callable $handler ): void {
		register_rest_route(
			self::ROUTES,
			$path,
			array(
				'methods'             => $method,
				'args'                => $args,
				'permission_callback' => static fn( \WP_REST_Request $request ) => self::answer(
					static function () use ( $request, $who ): bool {
						self::caller( $request, $who );
						return true;
					}
				),
				'callback'            => static fn( \WP_REST_Request $request ) => self::answer( static fn() => $handler( $request, self::caller( $request, $who ) ) ),
			)
		);
	}

	/**
	 * Who calls.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @param string           $who     Who may.
	 * @throws Refusal When it is somebody else.
	 */
	private static function caller( \WP_REST_Request $request, string $who ): Caller {
		$caller = Caller::of( $request, self::USER_OR_COOKIE === $who );
		if ( self::USER === $who || self::USER_OR_COOKIE === $who ) {
			$caller->user();
		}
		if ( ( self::SERVER === $who && ! $caller->has_key ) || ( self::PERSON === $who && $caller->has_key ) ) {
			throw new Refusal( 'rest_forbidden', __( 'Sorry, you are not allowed to do that.', 'chatpulse' ), 403 );
		}
		return $caller;
	}

	/**
	 * Does something, and makes an error of what it throws.
	 *
	 * @param callable(): mixed $work What to do.
	 */
	private static function answer( callable $work ): mixed {
		try {
			return $work();
		} catch ( Refusal $refusal ) {
			return $refusal->to_error();
		} catch ( Database_Failure $failure ) {
			// phpcs:ignore WordPress.PHP.DevelopmentFunctions.error_log_error_log -- the owner of the site has to know.
			error_log( 'Chatpulse: ' . $failure->getMessage() );
			return $failure->to_refusal()->to_error();
		}
	}

	/**
	 * An argument that is an id.
	 *
	 * @param bool $required Whether it has to be there.
	 * @return array<string, mixed>
	 */
	public static function id_arg( bool $required = true ): array {
		return array(
			'required'          => $required,
			'validate_callback' => static fn( $value ): bool => Ids::is_id( $value ),
		);
	}

	/**
	 * An argument that is a whole number between 1 and a limit.
	 *
	 * @param int $fallback What it is when it is missing.
	 * @param int $most     The limit.
	 * @return array<string, mixed>
	 */
	public static function number_arg( int $fallback, int $most = PHP_INT_MAX ): array {
		return array(
			'default'           => $fallback,
			'validate_callback' => static function ( $value ) use ( $most ): bool {
				$number = Ids::of( $value );
				return null !== $number && $number <= $most;
			},
		);
	}

	/**
	 * An argument that has to pass a test.
	 *
	 * @param callable(mixed): bool $test     The test.
	 * @param bool                  $required Whether it has to be there.
	 * @return array<string, mixed>
	 */
	public static function arg( callable $test, bool $required = false ): array {
		return array(
			'required'          => $required,
			'validate_callback' => static fn( $value ): bool => $test( $value ),
		);
	}
}
