<?php
/**
 * Tools → Site Health.
 *
 * @package Chatpulse
 */

namespace Chatpulse\Admin;

use Chatpulse\Chat_Roles;
use Chatpulse\Options;
use Chatpulse\Schema;
use Chatpulse\Uninstaller;
use Chatpulse\Webhooks;

use const Chatpulse\VERSION;

defined( 'ABSPATH' ) || exit;

/**
 * The plugin's tests on the Status tab and its section on the Info tab. No secret is ever part of them: only whether it is set.
 */
final class Site_Health {

	/** The name of the test that asks the chat server; the page asks for it by itself, as it may take seconds. */
	private const SERVER_TEST = 'chatpulse-server';

	/**
	 * Hooks in.
	 */
	public static function register(): void {
		add_filter( 'site_status_tests', array( self::class, 'add_tests' ) );
		add_filter( 'debug_information', array( self::class, 'add_information' ) );
		add_action( 'wp_ajax_health-check-' . self::SERVER_TEST, array( self::class, 'answer_server_test' ) );
	}

	/**
	 * Adds the tests.
	 *
	 * @param array<string, array<string, array<string, mixed>>> $tests Those of WordPress and other plugins.
	 * @return array<string, array<string, array<string, mixed>>>
	 */
	public static function add_tests( array $tests ): array {
		$tests['async']['chatpulse_server'] = array(
			'label'             => __( 'Chatpulse: the chat server answers', 'chatpulse' ),
			'test'              => self::SERVER_TEST,
			'async_direct_test' => array( self::class, 'test_server' ),
		);
		$tests['direct']['chatpulse_secrets'] = array(
			'label' => __( 'Chatpulse: secrets', 'chatpulse' ),
			'test'  => array( self::class, 'test_secrets' ),
		);
		$tests['direct']['chatpulse_webhooks'] = array(
			'label' => __( 'Chatpulse: webhooks', 'chatpulse' ),
			'test'  => array( self::class, 'test_webhooks' ),
		);
		$tests['direct']['chatpulse_tables']  = array(
			'label' => __( 'Chatpulse: database tables', 'chatpulse' ),
			'test'  => array( self::class, 'test_tables' ),
		);
		$tests['direct']['chatpulse_rest']    = array(
			'label' => __( 'Chatpulse: address of the REST API', 'chatpulse' ),
			'test'  => array( self::class, 'test_rest_address' ),
		);
		$tests['direct']['chatpulse_php']     = array(
			'label' => __( 'Chatpulse: PHP', 'chatpulse' ),
			'test'  => array( self::class, 'test_php' ),
		);
		return $tests;
	}

	/**
	 * Answers the Site Health page when it asks for the server's test.
	 */
	public static function answer_server_test(): void {
		check_ajax_referer( 'health-check-site-status' );
		if ( ! current_user_can( 'view_site_health_checks' ) ) {
			wp_send_json_error( null, 403 );
		}
		wp_send_json_success( self::test_server() );
	}

	/**
	 * Whether the chat server answers.
	 *
	 * @return array<string, mixed>
	 */
	public static function test_server(): array {
		$result = Connection_Test::reachable();
		return self::result( 'chatpulse_server', $result['status'], $result['label'], $result['text'] );
	}

	/**
	 * Whether every secret is set and long enough to be one.
	 *
	 * @return array<string, mixed>
	 */
	public static function test_secrets(): array {
		$missing = array();
		$short   = array();
		foreach ( Settings::secrets() as $option => $name ) {
			$length = strlen( Options::text( $option ) );
			if ( 0 === $length ) {
				$missing[] = $name;
			} elseif ( $length < Settings::SECRET_LENGTH ) {
				$short[] = $name;
			}
		}
		if ( array() !== $missing ) {
			/* translators: %s: names of settings. */
			return self::result( 'chatpulse_secrets', 'critical', __( 'Chatpulse lacks a secret', 'chatpulse' ), sprintf( __( 'Not set: %s. Generate them in the settings of Chatpulse and give them to the chat server.', 'chatpulse' ), implode( ', ', $missing ) ) );
		}
		if ( array() !== $short ) {
			/* translators: 1: names of settings, 2: a number. */
			return self::result( 'chatpulse_secrets', 'recommended', __( 'A secret of Chatpulse is short', 'chatpulse' ), sprintf( __( 'Shorter than %2$d characters: %1$s. Generate new ones in the settings of Chatpulse and give them to the chat server.', 'chatpulse' ), implode( ', ', $short ), Settings::SECRET_LENGTH ) );
		}
		return self::result( 'chatpulse_secrets', 'good', __( 'Chatpulse has its secrets', 'chatpulse' ), __( 'Site and chat server can prove to each other who they are.', 'chatpulse' ) );
	}

	/**
	 * Whether the last webhook reached the chat server.
	 *
	 * @return array<string, mixed>
	 */
	public static function test_webhooks(): array {
		$failure = get_option( Webhooks::FAILURE_OPTION );
		if ( ! is_array( $failure ) ) {
			return self::result( 'chatpulse_webhooks', 'good', __( 'Chatpulse tells its server what happens', 'chatpulse' ), __( 'No webhook has failed since the last one that arrived.', 'chatpulse' ) );
		}
		return self::result(
			'chatpulse_webhooks',
			'recommended',
			__( 'The chat server was not told something', 'chatpulse' ),
			sprintf(
				/* translators: 1: a time, 2: name of a webhook, 3: an error message. */
				__( 'At %1$s the webhook “%2$s” failed: %3$s What is sent through the chat itself is not affected. Test the connection in the settings of Chatpulse.', 'chatpulse' ),
				wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), (int) ( $failure['time'] ?? 0 ) ),
				(string) ( $failure['path'] ?? '' ),
				(string) ( $failure['why'] ?? '' )
			)
		);
	}

	/**
	 * Whether the tables are there and can hold what people write.
	 *
	 * @return array<string, mixed>
	 */
	public static function test_tables(): array {
		global $wpdb;
		$problems = array();
		foreach ( Schema::tables() as $table ) {
			$status = $wpdb->get_row( $wpdb->prepare( 'SHOW TABLE STATUS LIKE %s', $wpdb->esc_like( $table ) ) );
			if ( null === $status ) {
				/* translators: %s: a database table. */
				$problems[] = sprintf( __( '%s is missing.', 'chatpulse' ), $table );
				continue;
			}
			if ( 'innodb' !== strtolower( (string) $status->Engine ) ) {
				/* translators: 1: a database table, 2: its storage engine. */
				$problems[] = sprintf( __( '%1$s is %2$s instead of InnoDB, which keeps messages whole when the database crashes.', 'chatpulse' ), $table, $status->Engine );
			}
			if ( ! str_starts_with( (string) $status->Collation, 'utf8mb4' ) ) {
				/* translators: 1: a database table, 2: its character set. */
				$problems[] = sprintf( __( '%1$s is %2$s instead of utf8mb4, which has room for emoji.', 'chatpulse' ), $table, $status->Collation );
			}
		}
		$error = get_option( Schema::ERROR_OPTION, '' );
		if ( is_string( $error ) && '' !== $error ) {
			/* translators: %s: an error message. */
			$problems[] = sprintf( __( 'The database said: %s', 'chatpulse' ), $error );
		}
		return array() === $problems
			? self::result( 'chatpulse_tables', 'good', __( 'The tables of Chatpulse are in order', 'chatpulse' ), __( 'All of them are there, as InnoDB and utf8mb4.', 'chatpulse' ) )
			: self::result( 'chatpulse_tables', 'critical', __( 'The tables of Chatpulse are not in order', 'chatpulse' ), implode( ' ', $problems ) );
	}

	/**
	 * Whether the REST API has an address that the chat server can use.
	 *
	 * @return array<string, mixed>
	 */
	public static function test_rest_address(): array {
		if ( '' === (string) get_option( 'permalink_structure' ) ) {
			return self::result( 'chatpulse_rest', 'critical', __( 'The chat server cannot use this site’s REST API', 'chatpulse' ), __( 'With plain permalinks it has no address of its own. Choose another structure in Settings → Permalinks.', 'chatpulse' ) );
		}
		/* translators: %s: an address. */
		return self::result( 'chatpulse_rest', 'good', __( 'The REST API has an address for the chat server', 'chatpulse' ), sprintf( __( 'It is %s.', 'chatpulse' ), untrailingslashit( rest_url() ) ) );
	}

	/**
	 * Whether PHP is as new as the plugin needs it.
	 *
	 * @return array<string, mixed>
	 */
	public static function test_php(): array {
		if ( version_compare( PHP_VERSION, '8.1', '<' ) ) {
			/* translators: %s: a version. */
			return self::result( 'chatpulse_php', 'critical', __( 'PHP is too old for Chatpulse', 'chatpulse' ), sprintf( __( 'It is %s; Chatpulse needs 8.1.', 'chatpulse' ), PHP_VERSION ) );
		}
		if ( ! function_exists( 'fastcgi_finish_request' ) && 'cli' !== PHP_SAPI ) {
			return self::result( 'chatpulse_php', 'recommended', __( 'PHP answers only after it has told the chat server', 'chatpulse' ), __( 'Without PHP-FPM, whoever writes a message waits until the chat server was told. The chat works; PHP-FPM is quicker.', 'chatpulse' ) );
		}
		/* translators: %s: a version. */
		return self::result( 'chatpulse_php', 'good', __( 'PHP is new enough for Chatpulse', 'chatpulse' ), sprintf( __( 'It is %s.', 'chatpulse' ), PHP_VERSION ) );
	}

	/**
	 * Adds the plugin's section to the Info tab.
	 *
	 * @param array<string, array<string, mixed>> $information The other sections.
	 * @return array<string, array<string, mixed>>
	 */
	public static function add_information( array $information ): array {
		global $wpdb;
		$fields = array(
			'version' => self::field( __( 'Version', 'chatpulse' ), VERSION ),
			'schema'  => self::field( __( 'Version of the tables', 'chatpulse' ), (string) get_option( Schema::VERSION_OPTION, '' ) ),
			'roles'   => self::field( __( 'Who may chat', 'chatpulse' ), implode( ', ', Chat_Roles::chosen() ) ),
			'rate'    => self::field( __( 'Messages a minute', 'chatpulse' ), (string) Options::rate_limit() ),
			'delete'  => self::field( __( 'Data is deleted with the plugin', 'chatpulse' ), get_option( Uninstaller::OPTION ) ? 'yes' : 'no' ),
		);
		foreach ( Settings::addresses() as $option => $name ) {
			$fields[ $option ] = self::field( $name, Options::text( $option ) );
		}
		foreach ( Settings::secrets() as $option => $name ) {
			$length            = strlen( Options::text( $option ) );
			$text              = ( 0 === $length ? 'not set' : $length . ' characters' ) . ( Options::is_constant( $option ) ? ', in wp-config.php' : '' );
			$fields[ $option ] = self::field( $name, $text ) + array( 'private' => true );
		}
		foreach ( array( 'threads', 'messages', 'attachments' ) as $table ) {
			$name = Schema::table( $table );
			// Counted by the database's statistics: exact numbers of a big table take their time.
			$status           = $wpdb->get_row( $wpdb->prepare( 'SHOW TABLE STATUS LIKE %s', $wpdb->esc_like( $name ) ) );
			$fields[ $table ] = self::field( $name, null === $status ? 'missing' : '≈ ' . (int) $status->Rows );
		}
		$information['chatpulse'] = array(
			'label'  => __( 'Chatpulse', 'chatpulse' ),
			'fields' => $fields,
		);
		return $information;
	}

	/**
	 * One line of the Info tab.
	 *
	 * @param string $label What it is.
	 * @param string $value What there is.
	 * @return array{label: string, value: string}
	 */
	private static function field( string $label, string $value ): array {
		return array(
			'label' => $label,
			'value' => '' === $value ? '—' : $value,
		);
	}

	/**
	 * A result as Site Health shows it.
	 *
	 * @param string $test   Which test.
	 * @param string $status 'good', 'recommended' or 'critical'.
	 * @param string $label  The headline.
	 * @param string $text   What to do.
	 * @return array<string, mixed>
	 */
	private static function result( string $test, string $status, string $label, string $text ): array {
		$may_mend = 'good' !== $status && current_user_can( Settings_Page::CAPABILITY );
		return array(
			'label'       => esc_html( $label ),
			'status'      => $status,
			'badge'       => array(
				'label' => __( 'Chatpulse', 'chatpulse' ),
				'color' => 'blue',
			),
			'description' => '<p>' . esc_html( $text ) . '</p>',
			'actions'     => $may_mend ? '<p><a href="' . esc_url( Settings_Page::url() ) . '">' . esc_html__( 'Settings of Chatpulse', 'chatpulse' ) . '</a></p>' : '',
			'test'        => $test,
		);
	}
}
