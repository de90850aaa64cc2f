<?php
/**
 * wp chatpulse.
 *
 * @package Chatpulse
 */

namespace Chatpulse\Cli;

use Chatpulse\Admin\Connection_Test;
use Chatpulse\Admin\Settings;
use Chatpulse\Batch;
use Chatpulse\Database;
use Chatpulse\Database_Failure;
use Chatpulse\Messages;
use Chatpulse\Operation;
use Chatpulse\Options;
use Chatpulse\Refusal;
use Chatpulse\Schema;
use Chatpulse\Threads;
use Chatpulse\Tokens;
use Chatpulse\Webhooks;
use WP_CLI;
use WP_CLI\Utils;

defined( 'ABSPATH' ) || exit;

/**
 * Looks after the chat from a terminal.
 */
final class Commands {

	/** Messages that are read at a time for an export. */
	private const PAGE = 500;

	/**
	 * Adds the commands, where WP-CLI runs.
	 */
	public static function register(): void {
		if ( ! defined( 'WP_CLI' ) || ! WP_CLI ) {
			return;
		}
		$commands = new self();
		WP_CLI::add_command( 'chatpulse status', array( $commands, 'status' ) );
		WP_CLI::add_command( 'chatpulse thread list', array( $commands, 'thread_list' ) );
		WP_CLI::add_command( 'chatpulse thread create', array( $commands, 'thread_create' ) );
		WP_CLI::add_command( 'chatpulse message send', array( $commands, 'message_send' ) );
		WP_CLI::add_command( 'chatpulse token', array( $commands, 'token' ) );
		WP_CLI::add_command( 'chatpulse secret rotate', array( $commands, 'secret_rotate' ) );
		WP_CLI::add_command( 'chatpulse export', array( $commands, 'export' ) );
	}

	/**
	 * Tests whether this site and the chat server understand each other; fails if they do not.
	 *
	 * ## OPTIONS
	 *
	 * [--format=<format>]
	 * : table, json or csv. Default: table.
	 *
	 * ## EXAMPLES
	 *
	 *     wp chatpulse status
	 *
	 * @param string[]              $args    None.
	 * @param array<string, string> $options The options.
	 */
	public function status( array $args, array $options ): void {
		$users   = get_users(
			array(
				'number' => 1,
				'fields' => 'ids',
			)
		);
		$results = Connection_Test::run( (int) ( $users[0] ?? 0 ) );
		Utils\format_items( $options['format'] ?? 'table', $results, array( 'status', 'label', 'text' ) );
		if ( in_array( 'critical', array_column( $results, 'status' ), true ) ) {
			WP_CLI::halt( 1 );
		}
	}

	/**
	 * Lists a user's conversations, or all of them.
	 *
	 * ## OPTIONS
	 *
	 * [--participant=<user>]
	 * : Number, login or mail address of a user. Default: everybody's conversations.
	 *
	 * [--page=<page>]
	 * : From 1, 100 conversations each. Default: 1.
	 *
	 * [--format=<format>]
	 * : table, json, csv or ids. Default: table.
	 *
	 * @param string[]              $args    None.
	 * @param array<string, string> $options The options.
	 */
	public function thread_list( array $args, array $options ): void {
		$page   = max( 1, (int) ( $options['page'] ?? 1 ) );
		$user   = isset( $options['participant'] ) ? self::user( $options['participant'] ) : null;
		$ids    = null !== $user
			? Threads::page( $user, $page, 100, '' )[0]
			: Database::ids( 'SELECT id FROM ' . Schema::table( 'threads' ) . ' ORDER BY id LIMIT 100 OFFSET %d', ( $page - 1 ) * 100 );
		$format = $options['format'] ?? 'table';
		if ( 'ids' === $format ) {
			WP_CLI::line( implode( ' ', $ids ) );
			return;
		}
		$rows = array_map(
			static fn( array $thread ): array => array(
				'id'           => $thread['id'],
				'type'         => $thread['type'],
				'title'        => (string) $thread['title'],
				'participants' => implode( ', ', array_column( $thread['participants'], 'display_name' ) ),
				'updated_at'   => $thread['updated_at'],
			),
			Threads::shape( $ids, $user )
		);
		Utils\format_items( $format, $rows, array( 'id', 'type', 'title', 'participants', 'updated_at' ) );
	}

	/**
	 * Begins a conversation and prints its number.
	 *
	 * ## OPTIONS
	 *
	 * <owner>
	 * : Who begins it: number, login or mail address.
	 *
	 * <participant>...
	 * : With whom.
	 *
	 * [--title=<title>]
	 * : Makes it a group with this title. Without it, and with one other person, it is their private conversation.
	 *
	 * ## EXAMPLES
	 *
	 *     wp chatpulse thread create alice bob
	 *     wp chatpulse thread create alice bob carol --title="Team"
	 *
	 * @param string[]              $args    Owner and others.
	 * @param array<string, string> $options The options.
	 */
	public function thread_create( array $args, array $options ): void {
		$people = array_map( array( self::class, 'user' ), $args );
		$owner  = array_shift( $people );
		$others = array_values( array_diff( array_unique( $people ), array( $owner ) ) );
		if ( null === $owner || array() === $others ) {
			WP_CLI::error( 'Name who begins the conversation and at least one other person.' );
		}
		$title = sanitize_text_field( $options['title'] ?? '' );
		$type  = '' === $title && 1 === count( $others ) ? 'private' : 'group';
		try {
			list( $id, $is_new ) = Threads::create( $owner, $type, '' === $title ? null : $title, $others );
		} catch ( Refusal | Database_Failure $failure ) {
			WP_CLI::error( $failure->getMessage() );
		}
		if ( $is_new ) {
			Webhooks::queue(
				'thread-created',
				array(
					'thread'         => Threads::shape( array( $id ), $owner )[0],
					'participantIds' => array( $owner, ...$others ),
					'event'          => 'thread_created',
				)
			);
		}
		WP_CLI::line( (string) $id );
	}

	/**
	 * Sends a message and prints its number. It counts as the sender's own: they must take part in the conversation.
	 *
	 * ## OPTIONS
	 *
	 * <thread>
	 * : Number of the conversation.
	 *
	 * <sender>
	 * : Number, login or mail address of a user.
	 *
	 * <content>
	 * : The message.
	 *
	 * [--type=<type>]
	 * : text/plain, text/markdown or system. Default: text/plain.
	 *
	 * ## EXAMPLES
	 *
	 *     wp chatpulse message send 12 alice "The office is closed tomorrow."
	 *
	 * @param string[]              $args    Thread, sender, content.
	 * @param array<string, string> $options The options.
	 */
	public function message_send( array $args, array $options ): void {
		list( $thread, $sender, $content ) = $args + array( '', '', '' );

		$send = new Operation(
			array(
				'op'           => 'send',
				'user'         => self::user( $sender ),
				'thread_id'    => ctype_digit( $thread ) ? (int) $thread : 0,
				'content'      => $content,
				'content_type' => $options['type'] ?? 'text/plain',
			)
		);
		try {
			Batch::run( array( $send ) );
		} catch ( Database_Failure $failure ) {
			WP_CLI::error( $failure->getMessage() );
		}
		if ( null !== $send->refusal ) {
			WP_CLI::error( $send->refusal->getMessage() );
		}
		$message = $send->body['message'];
		Webhooks::queue(
			'message',
			array(
				'message'  => $message,
				'threadId' => $message['thread_id'],
				'senderId' => $message['sender_id'],
				'event'    => 'message_sent',
			)
		);
		WP_CLI::line( (string) $message['id'] );
	}

	/**
	 * Prints a token by which somebody can connect to the chat server as a user, for a test.
	 *
	 * ## OPTIONS
	 *
	 * <user>
	 * : Number, login or mail address.
	 *
	 * @param string[] $args The user.
	 */
	public function token( array $args ): void {
		try {
			WP_CLI::line( Tokens::issue( self::user( $args[0] ?? '' ) )[0] );
		} catch ( Refusal $refusal ) {
			WP_CLI::error( $refusal->getMessage() );
		}
	}

	/**
	 * Replaces a secret by a new one and prints it. What uses the old one stops working until it is told.
	 *
	 * ## OPTIONS
	 *
	 * <name>
	 * : api-key, token or webhook.
	 *
	 * [--yes]
	 * : Does not ask.
	 *
	 * @param string[]              $args    The name.
	 * @param array<string, string> $options The options.
	 */
	public function secret_rotate( array $args, array $options ): void {
		$names  = array(
			'api-key' => Options::API_KEY,
			'token'   => Options::TOKEN_SECRET,
			'webhook' => Options::WEBHOOK_SECRET,
		);
		$option = $names[ $args[0] ?? '' ] ?? null;
		if ( null === $option ) {
			WP_CLI::error( 'The name of the secret is api-key, token or webhook.' );
		}
		if ( Options::is_constant( $option ) ) {
			WP_CLI::error( 'This secret is set in wp-config.php; change it there.' );
		}
		WP_CLI::confirm( 'The chat server has to be given the new secret. Replace it now?', $options );
		$secret = Settings::new_secret();
		update_option( $option, $secret, true );
		WP_CLI::line( $secret );
	}

	/**
	 * Writes conversations with their messages as JSON, one conversation or message a line.
	 *
	 * ## OPTIONS
	 *
	 * [--thread=<thread>]
	 * : Number of a conversation. Default: all of them.
	 *
	 * ## EXAMPLES
	 *
	 *     wp chatpulse export > chat.jsonl
	 *
	 * @param string[]              $args    None.
	 * @param array<string, string> $options The options.
	 */
	public function export( array $args, array $options ): void {
		if ( isset( $options['thread'] ) ) {
			$thread = (int) $options['thread'];
			if ( ! Database::row( 'SELECT id FROM ' . Schema::table( 'threads' ) . ' WHERE id = %d', $thread ) ) {
				WP_CLI::error( "There is no conversation {$options['thread']}." );
			}
			self::export_thread( $thread );
			return;
		}
		for ( $thread = 0; ; ) {
			$next = Database::row( 'SELECT id FROM ' . Schema::table( 'threads' ) . ' WHERE id > %d ORDER BY id LIMIT 1', $thread );
			if ( null === $next ) {
				return;
			}
			$thread = (int) $next->id;
			self::export_thread( $thread );
		}
	}

	/**
	 * Writes one conversation.
	 *
	 * @param int $thread_id The conversation.
	 */
	private static function export_thread( int $thread_id ): void {
		self::write( 'thread', Threads::shape( array( $thread_id ), null )[0] );
		for ( $after = 0, $more = true; $more; ) {
			list( $rows, $more ) = Messages::page( $thread_id, self::PAGE, null, $after, null );
			foreach ( Messages::shape( $rows ) as $id => $message ) {
				$after = $id;
				self::write( 'message', $message );
			}
		}
	}

	/**
	 * One line of an export.
	 *
	 * @param string               $kind  'thread' or 'message'.
	 * @param array<string, mixed> $value What it is.
	 */
	private static function write( string $kind, array $value ): void {
		WP_CLI::line( (string) wp_json_encode( array( $kind => $value ), JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES ) );
	}

	/**
	 * A user's number.
	 *
	 * @param string $who Number, login or mail address.
	 */
	private static function user( string $who ): int {
		foreach ( array( ctype_digit( $who ) ? 'id' : 'login', ctype_digit( $who ) ? 'login' : 'email' ) as $field ) {
			$user = get_user_by( $field, $who );
			if ( $user ) {
				return $user->ID;
			}
		}
		WP_CLI::error( "There is no user '$who'." );
	}
}
