<?php
/**
 * Whether this site and the chat server understand each other.
 *
 * @package Chatpulse
 */

namespace Chatpulse\Admin;

use Chatpulse\Options;
use Chatpulse\Refusal;
use Chatpulse\Tokens;
use Chatpulse\Webhooks;

defined( 'ABSPATH' ) || exit;

/**
 * Asks the chat server what a working chat needs of it, and says in words what is wrong.
 *
 * A result is `{ status, label, text }`: status is 'good', 'recommended' (it works, but) or 'critical'; the texts are plain text.
 */
final class Connection_Test {

	/** How long the server may take for one answer, in seconds. */
	private const TIMEOUT = 5;

	/** Clocks that differ by more than this many seconds make tokens and webhooks fail one day. */
	private const CLOCK_WARNING = 30;

	/** The server refuses webhooks that are older, in seconds. */
	private const CLOCK_LIMIT = 300;

	/**
	 * Runs every test that makes sense after those before it.
	 *
	 * @param int $user_id For whom a token is tried.
	 * @return array<int, array{status: string, label: string, text: string}>
	 */
	public static function run( int $user_id ): array {
		$results = self::addresses();
		if ( '' === Options::server_url() ) {
			return $results;
		}
		$health = self::health();
		$results[] = $health['result'];
		if ( null === $health['body'] ) {
			return $results;
		}
		$results[] = self::clock( $health['body'] );
		$results[] = self::webhook();
		$results[] = self::token( $user_id );
		return $results;
	}

	/**
	 * Whether the server answers at all, for Site Health.
	 *
	 * @return array{status: string, label: string, text: string}
	 */
	public static function reachable(): array {
		if ( '' === Options::server_url() ) {
			return self::addresses()[0];
		}
		return self::health()['result'];
	}

	/**
	 * The addresses as they are set, without asking anybody.
	 *
	 * @return array<int, array{status: string, label: string, text: string}>
	 */
	private static function addresses(): array {
		$public = Options::socket_url();
		if ( '' === $public ) {
			return array( self::critical( __( 'No chat server is set', 'chatpulse' ), __( 'Enter the address of your chat server, for example https://chat.example.org, and save.', 'chatpulse' ) ) );
		}
		if ( str_starts_with( home_url(), 'https:' ) && str_starts_with( $public, 'http:' ) ) {
			return array(
				self::critical(
					__( 'Browsers will not connect to the chat server', 'chatpulse' ),
					__( 'This site is served over https, the chat server over http: browsers refuse to mix them. Give the chat server a certificate, or put it behind this site’s own web server.', 'chatpulse' )
				),
			);
		}
		return array();
	}

	/**
	 * GET /health.
	 *
	 * @return array{result: array{status: string, label: string, text: string}, body: ?array<string, mixed>}
	 */
	private static function health(): array {
		$url    = Options::server_url() . '/health';
		$answer = wp_remote_get(
			$url,
			array(
				'timeout'     => self::TIMEOUT,
				'redirection' => 0,
			)
		);
		$refuse = static fn( string $text ): array => array(
			'result' => self::critical( __( 'The chat server cannot be reached', 'chatpulse' ), $text ),
			'body'   => null,
		);
		if ( is_wp_error( $answer ) ) {
			/* translators: 1: an address, 2: an error message. */
			return $refuse( sprintf( __( '%1$s does not answer: %2$s. Is the server running, is the address right, and does the firewall let this site through?', 'chatpulse' ), $url, $answer->get_error_message() ) );
		}
		$status = wp_remote_retrieve_response_code( $answer );
		$body   = json_decode( wp_remote_retrieve_body( $answer ), true );
		if ( ! is_array( $body ) || ! is_string( $body['status'] ?? null ) ) {
			/* translators: 1: an address, 2: an HTTP status. */
			return $refuse( sprintf( __( 'What answers at %1$s (status %2$d) is no chat server. Look at the address and the port; behind a proxy that hides /health, set the address that this site can reach directly.', 'chatpulse' ), $url, $status ) );
		}
		if ( 'ok' !== $body['status'] ) {
			$reason = is_string( $body['store']['message'] ?? null ) ? $body['store']['message'] : $body['status'];
			return array(
				/* translators: %s: what the server says. */
				'result' => self::critical( __( 'The chat server is in trouble', 'chatpulse' ), sprintf( __( 'It is running and says: %s', 'chatpulse' ), $reason ) ),
				'body'   => $body,
			);
		}
		return array(
			'result' => self::good(
				__( 'The chat server answers', 'chatpulse' ),
				/* translators: 1: an address, 2: a number. */
				sprintf( __( '%1$s is up; connections now: %2$d.', 'chatpulse' ), Options::server_url(), (int) ( $body['connections'] ?? 0 ) )
			),
			'body'   => $body,
		);
	}

	/**
	 * Whether the two clocks agree.
	 *
	 * @param array<string, mixed> $health The answer of /health.
	 * @return array{status: string, label: string, text: string}
	 */
	private static function clock( array $health ): array {
		$theirs = is_string( $health['timestamp'] ?? null ) ? strtotime( $health['timestamp'] ) : false;
		if ( false === $theirs ) {
			return self::recommended( __( 'The server’s clock is not known', 'chatpulse' ), __( 'It did not say what time it is.', 'chatpulse' ) );
		}
		$difference = abs( time() - $theirs );
		/* translators: %d: a number of seconds. */
		$text = sprintf( __( 'They differ by %d seconds. Tokens and webhooks carry the time: keep both machines on the network’s time (NTP).', 'chatpulse' ), $difference );
		if ( $difference >= self::CLOCK_LIMIT ) {
			return self::critical( __( 'The clocks of site and server are too far apart', 'chatpulse' ), $text );
		}
		if ( $difference > self::CLOCK_WARNING ) {
			return self::recommended( __( 'The clocks of site and server drift apart', 'chatpulse' ), $text );
		}
		/* translators: %d: a number of seconds. */
		return self::good( __( 'The clocks agree', 'chatpulse' ), sprintf( __( 'They differ by %d seconds.', 'chatpulse' ), $difference ) );
	}

	/**
	 * Whether the server takes this site's webhooks: a signed one that changes nothing.
	 *
	 * @return array{status: string, label: string, text: string}
	 */
	private static function webhook(): array {
		$label  = __( 'The server does not take this site’s webhooks', 'chatpulse' );
		$answer = Webhooks::post( 'ping', array( 'event' => 'ping' ) );
		if ( is_wp_error( $answer ) ) {
			return self::critical( $label, $answer->get_error_message() );
		}
		$status = wp_remote_retrieve_response_code( $answer );
		if ( 200 === $status ) {
			return '' !== Options::webhook_secret()
				? self::good( __( 'The server takes this site’s webhooks', 'chatpulse' ), __( 'A signed webhook was accepted.', 'chatpulse' ) )
				: self::recommended( __( 'Webhooks are not signed', 'chatpulse' ), __( 'Anybody who reaches the server could pretend to be this site. Generate a webhook secret here and give it to the server (WEBHOOK_SECRET).', 'chatpulse' ) );
		}
		$said = json_decode( wp_remote_retrieve_body( $answer ), true );
		$said = is_string( $said['error'] ?? null ) ? $said['error'] : '';
		if ( 401 === $status || 403 === $status ) {
			/* translators: %s: what the server says. */
			return self::critical( $label, trim( sprintf( __( 'The webhook secrets differ: copy the lines for the .env file to the server and restart it. %s', 'chatpulse' ), $said ) ) );
		}
		if ( 404 === $status ) {
			return self::critical( $label, __( 'There is no /webhook/ping at that address. The server is older than this plugin, or a proxy in between hides /webhook: then set the address that this site can reach directly.', 'chatpulse' ) );
		}
		/* translators: 1: an HTTP status, 2: what the server says. */
		return self::critical( $label, trim( sprintf( __( 'It answered with status %1$d. %2$s', 'chatpulse' ), $status, $said ) ) );
	}

	/**
	 * Whether the server lets a user of this site in: one connection, the way a browser without WebSocket makes it.
	 *
	 * @param int $user_id The user.
	 * @return array{status: string, label: string, text: string}
	 */
	private static function token( int $user_id ): array {
		$label = __( 'The server does not let this site’s users in', 'chatpulse' );
		try {
			list( $token ) = Tokens::issue( $user_id );
		} catch ( Refusal $refusal ) {
			return self::critical( $label, $refusal->getMessage() );
		}
		$url   = Options::server_url() . '/socket.io/?EIO=4&transport=polling';
		$open  = self::poll( 'GET', $url );
		$sid   = preg_match( '/^0(\{.*\})/', $open, $match ) ? json_decode( $match[1], true )['sid'] ?? '' : '';
		if ( ! is_string( $sid ) || '' === $sid ) {
			return self::critical( $label, __( 'There is no Socket.IO at /socket.io of that address. Does a proxy pass /socket.io on?', 'chatpulse' ) );
		}
		$url .= '&sid=' . rawurlencode( $sid );
		self::poll( 'POST', $url, '40' . wp_json_encode( array( 'token' => $token ) ) );
		$said = self::poll( 'GET', $url );
		if ( str_starts_with( $said, '40' ) ) {
			self::poll( 'POST', $url, '1' );
			return self::good( __( 'The server lets this site’s users in', 'chatpulse' ), __( 'A connection with a token of this site was accepted.', 'chatpulse' ) );
		}
		$reason = str_starts_with( $said, '44' ) ? json_decode( substr( $said, 2 ), true )['message'] ?? '' : '';
		return self::critical(
			$label,
			/* translators: %s: what the server says. */
			trim( sprintf( __( 'It refused a token of this site: AUTH_MODE is not “token”, or the token secrets differ. Copy the lines for the .env file to the server and restart it. %s', 'chatpulse' ), is_string( $reason ) ? $reason : '' ) )
		);
	}

	/**
	 * One request of Engine.IO's long polling; '' where there was no answer.
	 *
	 * @param string $method GET or POST.
	 * @param string $url    The address.
	 * @param string $body   What to send.
	 */
	private static function poll( string $method, string $url, string $body = '' ): string {
		$answer = wp_remote_request(
			$url,
			array(
				'method'      => $method,
				'timeout'     => self::TIMEOUT,
				'redirection' => 0,
				'headers'     => array( 'Content-Type' => 'text/plain;charset=UTF-8' ),
				'body'        => '' !== $body ? $body : null,
			)
		);
		return is_wp_error( $answer ) ? '' : wp_remote_retrieve_body( $answer );
	}

	/**
	 * A test that was passed.
	 *
	 * @param string $label What is so.
	 * @param string $text  More of it.
	 * @return array{status: string, label: string, text: string}
	 */
	private static function good( string $label, string $text ): array {
		return array(
			'status' => 'good',
			'label'  => $label,
			'text'   => $text,
		);
	}

	/**
	 * Something that should be better.
	 *
	 * @param string $label What is so.
	 * @param string $text  What to do.
	 * @return array{status: string, label: string, text: string}
	 */
	private static function recommended( string $label, string $text ): array {
		return array( 'status' => 'recommended' ) + self::good( $label, $text );
	}

	/**
	 * Something that keeps the chat from working.
	 *
	 * @param string $label What is so.
	 * @param string $text  What to do.
	 * @return array{status: string, label: string, text: string}
	 */
	private static function critical( string $label, string $text ): array {
		return array( 'status' => 'critical' ) + self::good( $label, $text );
	}
}
